"""Detection of unknown inputs and of errors against scikit-learn and cases worked by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from pipeline.metrics import measure
from pipeline.ops.detection import aupr, auroc, false_positives, fpr95, placements

SCORES = st.lists(st.integers(-4, 4), min_size=1, max_size=40).map(lambda v: torch.tensor(v, dtype=torch.float32))


def stacked(known, unknown):
    return np.r_[np.ones(len(known)), np.zeros(len(unknown))], torch.cat([known, unknown]).numpy()


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES)
def test_detection_equals_scikit_learn_also_with_ties(known, unknown):
    truth, score = stacked(known, unknown)
    assert auroc(known, unknown) == pytest.approx(100 * roc_auc_score(truth, score))
    assert aupr(known, unknown) == pytest.approx(100 * average_precision_score(truth, score))
    false_rate, true_rate, _ = roc_curve(truth, score, drop_intermediate=False)
    assert fpr95(known, unknown) == pytest.approx(100 * false_rate[np.argmax(true_rate >= 0.95 - 1e-12)])


def test_detection_on_many_continuous_scores():
    make = torch.Generator().manual_seed(0)
    known = torch.randn(700, generator=make, dtype=torch.float64) + 1
    unknown = torch.randn(300, generator=make, dtype=torch.float64)
    truth, score = stacked(known, unknown)
    assert auroc(known, unknown) == pytest.approx(100 * roc_auc_score(truth, score))
    assert aupr(known, unknown) == pytest.approx(100 * average_precision_score(truth, score))
    assert auroc(known, unknown) + auroc(unknown, known) == pytest.approx(100)
    assert auroc(known.exp(), unknown.exp()) == auroc(known, unknown)


def test_placements_by_hand():
    known, unknown = torch.tensor([0.0, 1.0, 2.0, 5.0]), torch.tensor([1.0, 1.0, 3.0, 0.5])
    assert placements(known, unknown).tolist() == [0.0, 50.0, 75.0, 100.0]


def test_fpr95_accepts_exactly_as_few_known_as_it_may():
    known = torch.arange(100.0)  # 95 of 100 are >= 5
    unknown = torch.tensor([4.99, 5.0, 5.01, 200.0])
    assert false_positives(known, unknown).tolist() == [0.0, 100.0, 100.0, 100.0]
    assert fpr95(torch.arange(20.0), torch.tensor([0.5, 1.0])) == 50.0  # 19 of 20, not 20 of 20


def test_sets_weigh_alike_and_examples_average_to_the_metric():
    make = torch.Generator().manual_seed(1)
    known = torch.randn(50, generator=make) + 1
    sets = {"digits": torch.randn(30, generator=make), "uniform": torch.randn(90, generator=make) + 1.5}
    made = SimpleNamespace(scores_known=known, scores_unknown=sets)
    metrics, examples = measure(made, ["auroc", "aupr", "fpr95"])
    for name, of_set in (("auroc", auroc), ("aupr", aupr), ("fpr95", fpr95)):
        each = [of_set(known, scores) for scores in sets.values()]
        assert [metrics[f"{name}_{key}"] for key in sets] == each
        assert metrics[name] == pytest.approx(sum(each) / 2)
    assert len(metrics) == 9 and examples.keys() == {"auroc", "fpr95"}
    assert examples["auroc"].shape == (50,) and examples["fpr95"].shape == (120,)
    assert examples["auroc"].mean().item() == pytest.approx(metrics["auroc"])
    assert examples["fpr95"].mean().item() == pytest.approx(metrics["fpr95"])
    assert set(examples["fpr95"].tolist()) <= {0.0, 200.0, 100 * 120 / 180}


@pytest.mark.parametrize("bad", [torch.tensor([1.0, math.nan]), torch.empty(0)])
@pytest.mark.parametrize("name", ["auroc", "aupr", "fpr95"])
def test_unusable_scores_are_named(name, bad):
    with pytest.raises(ValueError, match="'digits'"):
        measure(SimpleNamespace(scores_known=torch.ones(3), scores_unknown={"digits": bad}), [name])


def test_errors_are_told_from_right_predictions_as_scikit_learn_says():
    make = torch.Generator().manual_seed(38)
    right = torch.rand(200, generator=make) < 0.8
    scores = torch.randn(200, generator=make, dtype=torch.float64) + right
    made = SimpleNamespace(scores_known=scores, right=right)
    found, _ = measure(made, ["error_auroc", "error_aupr"])
    assert found["error_auroc"] == pytest.approx(100 * roc_auc_score(right, scores))
    assert found["error_aupr"] == pytest.approx(100 * average_precision_score(~right, -scores))
    for alike in (torch.ones(200, dtype=torch.bool), torch.zeros(200, dtype=torch.bool)):
        made.right = alike
        assert measure(made, ["error_auroc", "error_aupr"]) == ({}, {})


def test_accuracy_under_shift():
    found, examples = measure(SimpleNamespace(right_shifted=torch.tensor([True, False, False])), ["top1_shifted"])
    assert found["top1_shifted"] == pytest.approx(100 / 3) and examples["top1_shifted"].tolist() == [100, 0, 0]
