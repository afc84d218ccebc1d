"""Metrics that are no means over examples: resampled from what a run has kept, the same way for all methods."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.exhibits import statistics
from pipeline.exhibits.cells import Cell
from pipeline.exhibits.statistics import Sample
from pipeline.metrics import kept, measure
from pipeline.ops.resampling import TEST, once
from tests.kit.evidence import PROTOCOLS, ood

REDRAWN = [name for name in metrics.known() if metrics.describe(name).redrawn]


def test_detection_and_calibration_are_among_them() -> None:
    assert {"auroc", "aupr", "fpr95", "error_auroc", "error_aupr", "noise_auroc", "ece", "r2", "map"} <= set(REDRAWN)


@pytest.mark.parametrize("name", REDRAWN)
def test_what_a_run_keeps_gives_its_numbers_again(name: str) -> None:
    """From the arrays alone, with every example once; and other numbers from other draws."""
    described = metrics.describe(name)
    for made in PROTOCOLS.values():
        evidence = made(True)
        if not all(hasattr(evidence, need) for need in described.needs):
            continue
        arrays = {key: of.numpy() for key, of in kept(evidence, [name]).items()}
        assert described.kept(arrays)
        again = metrics.redrawn(described, arrays, once)
        values = measure(evidence, [name])[0]
        assert {key: float(of[0]) for key, of in again.items()} == pytest.approx(values)
        drawn = statistics.redraw(partial(metrics.redrawn, described, arrays))
        assert drawn.keys() == values.keys()
        assert all(row.shape == (statistics.B,) for row in drawn.values())


def test_the_examples_of_the_test_split_are_drawn_alike_for_means_and_for_other_metrics() -> None:
    np.testing.assert_array_equal(statistics.example_counts(30), statistics.example_counts(30, TEST))
    assert (statistics.example_counts(30) != statistics.example_counts(30, "known")).any()


def sample(values: Any, metric: str = "auroc") -> Sample:
    """Of one run with this evidence."""
    arrays = {key: of.numpy() for key, of in kept(values, [metric]).items()}
    compute = partial(metrics.redrawn, metrics.describe(metric), arrays)
    return Sample({0: measure(values, [metric])[0][metric]}, {}, {0: lambda: statistics.redraw(compute)[metric]})


def test_either_side_widens_the_interval() -> None:
    """As the formula of Hanley and McNeil (1982) says; with one side held fixed it was half as wide."""
    make = torch.Generator().manual_seed(0)
    known, unknown = torch.randn(300, generator=make).double() + 1, torch.randn(300, generator=make).double()
    made = SimpleNamespace(scores_known=known, scores_unknown={"a": unknown})
    found = statistics.mean(sample(made))
    area = measure(made, ["auroc"])[0]["auroc"] / 100
    more, less = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    deviation = ((area * (1 - area) + 299 * more + 299 * less) / 300**2) ** 0.5
    assert found is not None and found.low is not None and found.high is not None
    assert found.levels == "examples"
    assert found.high - found.low == pytest.approx(2 * 1.96 * 100 * deviation, rel=0.12)


@pytest.mark.parametrize("metric", ["auroc", "fpr95", "aupr"])
def test_methods_are_compared_by_the_same_draws(metric: str) -> None:
    one = ood(True)
    other = SimpleNamespace(**vars(one))
    other.scores_known = 2 * one.scores_known
    other.scores_unknown = {name: 2 * scores for name, scores in one.scores_unknown.items()}
    found = statistics.difference(sample(one, metric), sample(other, metric))
    assert found is not None
    assert (found.low, found.high) == (0.0, 0.0)


def test_a_run_whose_scores_are_not_those_of_its_result_is_named() -> None:
    arrays = {key: of.numpy() for key, of in kept(ood(True), ["auroc"]).items()}
    run = SimpleNamespace(seed=0, path="runs/x")
    records: Any = SimpleNamespace(examples=lambda _: arrays)
    cell = Cell([run], [{"status": "ok", "metrics": {"auroc": 12.0}}], records)
    with pytest.raises(UserError, match=r"runs/x: by predictions.npz, auroc is \S+, but result.json says 12"):
        statistics.mean(cell.sample("auroc"))


def test_a_draw_without_a_value_has_the_reported_one() -> None:
    row = np.array([np.nan, 1.0, 3.0])
    assert statistics._about(2.0, row).tolist() == [2.0, 1.0, 3.0]


def test_files_that_can_be_resampled_import_no_torch() -> None:
    import subprocess
    import sys

    program = f"import sys, importlib; [importlib.import_module(f'pipeline.metrics.{{n}}') for n in {REDRAWN!r}]; "
    subprocess.run([sys.executable, "-c", program + "sys.exit('torch' in sys.modules)"], check=True)
