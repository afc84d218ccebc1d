"""Extrapolated inductive bias: by the other library's own tail, too small, and exact where the family is."""

import numpy as np
import pytest
from scipy.stats import ncx2

from pipeline.methods.theory.inductive_bias import InductiveBias


def check(**changes: object) -> InductiveBias:
    settings = {"trained": 20, "tested": 20, "dimensions": 4, "spread": 1.0, "images": False}
    return InductiveBias(**{**settings, **changes})


def deviations(repetitions: int, **changes: object) -> dict[str, float]:
    made = check(**changes)
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def test_the_estimate_by_the_library_and_the_truth_by_sampling() -> None:
    made = check()
    form, errors = made.draw(1, np.random.default_rng(0))
    freedom, shift, _, scale = ncx2.fit(errors, 5, 5, floc=0, scale=errors.mean() / 10)
    target = form.quantile(-3.0)
    fresh = form.draw(200_000, np.random.default_rng(1))
    assert np.log((fresh <= target).mean()) == pytest.approx(-3, abs=0.05)
    estimate = -ncx2.logcdf(target, freedom, shift, scale=scale)
    assert made.measure((form, errors), 1)["deviation_sampled"] == pytest.approx(estimate / 3 - 1, abs=0.02)


def test_it_is_too_small_and_more_so_farther_out() -> None:
    found = deviations(6)
    assert 0 > found["deviation_sampled"] > -0.1 > found["deviation"] > found["deviation_far"]


def test_with_equal_weights_it_is_right() -> None:
    assert abs(deviations(4, spread=100.0)["deviation"]) < 0.06
    form, _ = check(spread=100.0).draw(1, np.random.default_rng(0))
    assert form.weights == pytest.approx(np.full(20, 0.05), rel=1e-3)


def test_images_are_nearly_independent_to_the_kernel() -> None:
    form, _ = check(images=True).draw(1, np.random.default_rng(0))
    assert form.weights.max() < 1.6 * form.weights.mean()
