"""Sketched minimum norms: exact means for normal inputs, sketches that are alike, and wrong formulas."""

import numpy as np
import pytest

from pipeline.methods.theory.sketched_min_norm import Sample, SketchedMinNorm


def check(**changes: object) -> SketchedMinNorm:
    defaults = {"smallest": 44, "largest": 198, "steps": 8, "examples": 198, "dimensions": 220, "signal": 4.0}
    return SketchedMinNorm(**{**defaults, **changes})


def means(made: SketchedMinNorm, size: int, repetitions: int) -> dict[str, float]:
    found = [made.measure(made.draw(size, np.random.default_rng(seed)), size) for seed in range(repetitions)]
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def exact(n: int, p: int, m: int, signal: float) -> dict[str, float]:
    """For normal inputs and any sizes: means of inverted Wishart matrices.

    For m > p and X = U R with orthonormal columns of U, G = S U is independent of H = S times the complement of U, and
    the error is R^-1 (noise along U + G^+ H times noise across it): tr (X^T X)^-1 times 1 + (n - p) / (m - p - 1).
    """
    if m < p:
        risk = signal * (1 - m / p) + m / (p - m - 1)
        return {"orthogonal": risk, "independent": risk}
    return {"orthogonal": p / (m - p - 1), "independent": p / (n - p - 1) * (1 + (n - p) / (m - p - 1))}


@pytest.mark.parametrize(("n", "p", "m"), [(20, 30, 12), (30, 20, 12), (40, 10, 20), (40, 10, 35)])
def test_means_are_the_exact_ones_and_limits_near_them(n: int, p: int, m: int) -> None:
    made = check(examples=n, dimensions=p)
    found, stated = means(made, m, 1000), exact(n, p, m, 4.0)
    for name, value in stated.items():
        assert found[name] == pytest.approx(value, rel=0.03)
    large = check(examples=1000 * n, dimensions=1000 * p)
    for name, value in exact(1000 * n, 1000 * p, 1000 * m, 4.0).items():
        assert large.predicted(1000 * m)[name] == pytest.approx(value, rel=1e-3)


def test_the_risk_is_the_mean_over_coefficients_and_noise() -> None:
    made = check(examples=8, dimensions=12)
    sample, random, losses = made.draw(5, np.random.default_rng(0)), np.random.default_rng(1), []
    for _ in range(10_000):
        beta = random.normal(size=12) * (4.0 / 12) ** 0.5
        y = sample.x @ beta + random.normal(size=8)
        fitted = np.linalg.lstsq(sample.orthogonal @ sample.x, sample.orthogonal @ y, rcond=None)[0]
        losses.append(sum((fitted - beta) ** 2))
    assert made.measure(sample, 5)["orthogonal"] == pytest.approx(np.mean(losses), rel=0.03)


def test_sketches_of_one_row_space_fit_the_same_below_the_dimensions_and_not_above() -> None:
    for dimensions, alike in ((30, True), (5, False)):
        made = check(examples=20, dimensions=dimensions)
        sample = made.draw(10, np.random.default_rng(0))
        mixed = np.random.default_rng(1).normal(size=(10, 10)) @ sample.orthogonal
        found = made.measure(Sample(sample.x, sample.orthogonal, mixed), 10)
        assert (found["orthogonal"] == pytest.approx(found["independent"])) is alike


def test_the_best_size_is_where_the_stated_risk_is_least_if_the_signal_is_strong() -> None:
    for signal, best in ((4.0, 0.5), (9.0, 2 / 3), (0.25, 0.0)):
        made = check(signal=signal, dimensions=3000)
        risks = [made.predicted(size)["orthogonal"] for size in range(0, 2900)]
        assert np.argmin(risks) / 3000 == pytest.approx(best, abs=1e-3)
    made = check(signal=4.0, dimensions=3000)
    assert made.predicted(1500)["orthogonal"] == pytest.approx(2 * 2 - 1)


def test_a_wrong_constant_is_seen() -> None:
    found = means(check(), 110, 5)["orthogonal"]
    assert found / check().predicted(110)["orthogonal"] == pytest.approx(1, abs=0.03)
    assert abs(found / (4 * 0.5**2 + 1) - 1) > 0.2, "a bias of (1 - m / p)^2 would be seen"


def test_the_summary_takes_worst_sizes_and_the_best_of_each_repetition() -> None:
    orthogonal = np.array([[3.0, 1.0, 2.0], [3.0, 2.5, 2.0]])
    found = check(steps=3).summary([44, 110, 198], {"orthogonal": orthogonal, "independent": 2 * orthogonal})
    assert found["log_ratio"] == pytest.approx(np.log([2, 2]))
    assert found["level"] == pytest.approx([0.5, 0.9])
    assert found["log_ratio_whole"] == pytest.approx(np.log([2, 0.8]))
    assert found["deviation"] == pytest.approx(orthogonal[:, 2] / check().predicted(198)["orthogonal"] - 1)
