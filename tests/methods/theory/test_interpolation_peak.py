"""The peak of the minimum norm: least squares by hand, where sketches are taken, and too many rows."""

import numpy as np
import pytest

from pipeline.methods.theory.interpolation_peak import InterpolationPeak


def check(**changes: object) -> InterpolationPeak:
    defaults = {"smallest": 60, "largest": 200, "steps": 8, "dimensions": 100, "signal": 4.0}
    return InterpolationPeak(**{**defaults, **changes})


def curves(made: InterpolationPeak, repetitions: int = 8) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size) for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}


def test_the_peak_is_among_the_sizes() -> None:
    assert check().sizes() == [60, 80, 100, 120, 140, 160, 180, 200]
    assert 100 in check(steps=2).sizes()


@pytest.mark.parametrize("size", [60, 150])
def test_risks_by_singular_values(size: int) -> None:
    made = check()
    x, sketch = made.draw(size, np.random.default_rng(0))
    singular = np.linalg.svd(x, compute_uv=False)
    found = made.measure((x, sketch), size)
    assert found["minimum_norm"] == pytest.approx(4 * max(1 - size / 100, 0) + sum(singular**-2.0))
    penalised = [(4 / 100 * (25 / (s * s + 25)) ** 2 + (s / (s * s + 25)) ** 2) for s in singular]
    assert found["ridge"] == pytest.approx(sum(penalised) + 4 / 100 * max(100 - size, 0)), "25 is p / a^2"


def test_sketches_are_taken_where_limits_of_the_risks_say_so() -> None:
    made = check()
    shapes = {size: made.draw(size, np.random.default_rng(0))[1].shape[0] for size in (40, 60, 100, 120, 140)}
    assert shapes == {40: 40, 60: 50, 100: 50, 120: 50, 140: 140}, "p / (n - p) is 3 at n = 133"


def test_the_minimum_norm_has_the_peak_and_the_sketch_has_none() -> None:
    made = check()
    found = made.summary(made.sizes(), curves(made))
    assert found["log_ratio"].min() > np.log(5) and found["log_ratio_sketched"].min() > np.log(5)
    assert abs(found["gap"].mean()) < 0.05
    assert found["log_ratio_many"].max() < 0.7, "twice as many examples leave no peak"


def test_a_sketch_of_too_many_rows_has_the_peak() -> None:
    made, gaps = check(), []
    for seed in range(8):
        below, at = (made.draw(size, np.random.default_rng(seed))[0] for size in (80, 100))
        risks = [made.measure((x, np.eye(len(x))), len(x))["sketched"] for x in (below, at)]
        gaps.append(np.log(risks[1] / risks[0]))
    assert min(gaps) > 0.5, "all examples, in place of half as many as there are dimensions"
