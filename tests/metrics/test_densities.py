"""Errors by loops; densities by scipy; scores of whole distributions by integration; coverage by counting."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import integrate
from scipy.stats import norm

from pipeline.errors import Absent
from pipeline.metrics import coverage_90, crps, density_nll, measure, r2, rmse
from pipeline.ops.resampling import once

DRAWS = torch.Generator().manual_seed(3)
PREDICTIONS, TARGETS = (torch.randn(40, generator=DRAWS) for _ in range(2))
DEVIATIONS = 0.3 + torch.rand(40, generator=DRAWS)
ROWS = list(zip(PREDICTIONS.tolist(), DEVIATIONS.tolist(), TARGETS.tolist(), strict=True))


def of(metric, predictions, targets):
    return float(metric.compute(once, predictions.numpy(), targets.numpy())[0])


def test_rmse_and_r2():
    squares = [(p - y) ** 2 for p, _, y in ROWS]
    assert of(rmse, PREDICTIONS, TARGETS) == pytest.approx(math.sqrt(sum(squares) / 40), rel=1e-6)
    mean = sum(y for *_, y in ROWS) / 40
    want = 1 - sum(squares) / sum((y - mean) ** 2 for *_, y in ROWS)
    assert of(r2, PREDICTIONS, TARGETS) == pytest.approx(want, rel=1e-6)
    assert of(r2, TARGETS, TARGETS) == 1.0
    assert of(r2, torch.full((40,), mean), TARGETS) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(Absent, match="all test targets are alike"):
        r2.compute(once, PREDICTIONS.numpy(), np.ones(40))


def test_the_density_is_scipys():
    want = [-norm.logpdf(y, p, s) for p, s, y in ROWS]
    assert density_nll.compute(PREDICTIONS, DEVIATIONS, TARGETS).tolist() == pytest.approx(want, rel=1e-6)


def test_another_unit_adds_its_logarithm():
    found = density_nll.compute(1000 * PREDICTIONS, 1000 * DEVIATIONS, 1000 * TARGETS)
    want = density_nll.compute(PREDICTIONS, DEVIATIONS, TARGETS) + math.log(1000)
    torch.testing.assert_close(found, want, rtol=1e-5, atol=1e-5)


def test_the_score_is_the_integral_over_thresholds():
    found = crps.compute(PREDICTIONS, DEVIATIONS, TARGETS).tolist()
    for (p, s, y), value in list(zip(ROWS, found, strict=True))[:10]:
        below = integrate.quad(lambda t, p=p, s=s: norm.cdf(t, p, s) ** 2, p - 12 * s - 5, y)[0]
        above = integrate.quad(lambda t, p=p, s=s: norm.sf(t, p, s) ** 2, y, p + 12 * s + 5)[0]
        assert value == pytest.approx(below + above, rel=1e-5)


def test_a_sure_prediction_scores_its_absolute_error():
    sure = torch.full((40,), 1e-6)
    assert crps.compute(PREDICTIONS, sure, TARGETS).tolist() == pytest.approx(
        (PREDICTIONS - TARGETS).abs().tolist(), abs=1e-5
    )


def test_coverage_counts_what_lies_between_the_quantiles():
    found = coverage_90.compute(once, PREDICTIONS.numpy(), DEVIATIONS.numpy(), TARGETS.numpy())
    inside = [norm.ppf(0.05, p, s) <= y <= norm.ppf(0.95, p, s) for p, s, y in ROWS]
    assert found[""] == pytest.approx(100 * sum(inside) / 40) and 0 < sum(inside) < 40
    assert found["gap"] == pytest.approx(abs(100 * sum(inside) / 40 - 90))


def test_without_a_distribution_there_is_nothing_to_measure():
    names = ["crps", "density_nll", "coverage_90"]
    found = measure(SimpleNamespace(predictions=PREDICTIONS, deviations=None, targets=TARGETS), names)
    assert not found.values and list(found.absent) == names
    assert all("predicts no distribution" in reason for reason in found.absent.values())
