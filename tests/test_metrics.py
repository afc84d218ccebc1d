"""Metrics against scikit-learn, slow loops and cases worked by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from pipeline.errors import UserError
from pipeline.metrics.classification import (
    calibration_error,
    classification_metrics,
    margins,
    noise_metrics,
    top1_by_frequency,
)
from pipeline.metrics.detection import aupr, auroc, detection_metrics, false_positives, fpr95, placements

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


def test_detection_metrics_weigh_sets_alike_and_examples_average_to_them():
    make = torch.Generator().manual_seed(1)
    known = torch.randn(50, generator=make) + 1
    sets = {"digits": torch.randn(30, generator=make), "uniform": torch.randn(90, generator=make) + 1.5}
    metrics, examples = detection_metrics(known, sets)
    for name, measure in (("auroc", auroc), ("aupr", aupr), ("fpr95", fpr95)):
        each = [measure(known, scores) for scores in sets.values()]
        assert [metrics[f"{name}_{key}"] for key in sets] == each
        assert metrics[name] == pytest.approx(sum(each) / 2)
    assert examples["auroc"].shape == (50,) and examples["fpr95"].shape == (120,)
    assert examples["auroc"].mean().item() == pytest.approx(metrics["auroc"])
    assert examples["fpr95"].mean().item() == pytest.approx(metrics["fpr95"])
    assert set(examples["fpr95"].tolist()) <= {0.0, 200.0, 100 * 120 / 180}


@pytest.mark.parametrize("bad", [torch.tensor([1.0, math.nan]), torch.empty(0)])
def test_unusable_scores_are_named(bad):
    with pytest.raises(ValueError, match="'digits'"):
        detection_metrics(torch.ones(3), {"digits": bad})


def test_classification_by_slow_loops():
    make = torch.Generator().manual_seed(2)
    logits, labels = 2 * torch.randn(200, 4, generator=make), torch.randint(4, (200,), generator=make)
    metrics, examples = classification_metrics(logits, labels)
    right, nll, brier, astray, bins = [], [], [], [], [[] for _ in range(15)]
    for row, y in zip(logits.double().tolist(), labels.tolist(), strict=True):
        total = sum(math.exp(v) for v in row)
        p = [math.exp(v) / total for v in row]
        hit = p.index(max(p)) == y
        right.append(100.0 * hit)
        nll.append(-math.log(p[y]))
        brier.append(sum((v - (k == y)) ** 2 for k, v in enumerate(p)))
        astray += [] if hit else [max(p)]
        bins[math.ceil(max(p) * 15) - 1].append((hit, max(p)))
    ece = sum(abs(sum(h for h, _ in b) / len(b) - sum(c for _, c in b) / len(b)) * len(b) / 200 for b in bins if b)
    assert metrics["top1"] == pytest.approx(np.mean(right))
    assert metrics["nll"] == pytest.approx(np.mean(nll))
    assert metrics["brier"] == pytest.approx(100 * np.mean(brier))
    assert metrics["ece"] == pytest.approx(100 * ece)
    assert metrics["error_confidence"] == pytest.approx(100 * np.mean(astray))
    by_class = [np.mean([r for r, y in zip(right, labels.tolist(), strict=True) if y == k]) for k in range(4)]
    assert [metrics[f"top1_class_{k}"] for k in range(4)] == pytest.approx(by_class)
    assert metrics["worst_class_top1"] == pytest.approx(min(by_class))
    assert examples["top1"].tolist() == right
    assert examples["nll"].tolist() == pytest.approx(nll)
    assert (examples["predictions"] == logits.argmax(1)).all()


def test_calibration_error_by_hand():
    # two of four right at 0.9: gap 0.4; one of one right at 0.5: gap 0.5; weights 4/5 and 1/5
    confidence = torch.tensor([0.9, 0.9, 0.9, 0.9, 0.5], dtype=torch.float64)
    correct = torch.tensor([True, True, False, False, True])
    assert calibration_error(confidence, correct) == pytest.approx(100 * (0.8 * 0.4 + 0.2 * 0.5))
    # over- and underconfidence cancel inside a bin and not across bins
    assert calibration_error(torch.tensor([0.5, 0.5]), torch.tensor([True, False])) == pytest.approx(0, abs=1e-6)
    assert calibration_error(torch.tensor([0.2, 0.8]), torch.tensor([True, False])) == pytest.approx(80)


def test_calibration_bins_are_closed_on_the_right():
    # exactly on an edge: 0.5 is the right end of bin 1 of 2, so it shares it with 0.3 and not with 0.7
    confidence = torch.tensor([0.5, 0.3, 0.7], dtype=torch.float64)
    correct = torch.tensor([False, True, True])
    assert calibration_error(confidence, correct, bins=2) == pytest.approx(100 * (abs(1 - 0.8) + 0.3) / 3)
    assert calibration_error(torch.tensor([0.0, 1.0]), torch.tensor([False, True])) == 0


def test_confident_and_right_is_perfect_and_a_uniform_guess_costs_log_k():
    labels = torch.arange(5)
    sure, _ = classification_metrics(1000 * torch.eye(5), labels)
    assert [sure[k] for k in ("top1", "nll", "ece", "brier", "error_confidence")] == [100, 0, 0, 0, 0]
    flat, _ = classification_metrics(torch.zeros(5, 5), labels)
    assert flat["nll"] == pytest.approx(math.log(5)) and flat["brier"] == pytest.approx(80)


def test_classes_absent_from_the_test_set_are_left_out_and_names_are_plain():
    metrics, _ = classification_metrics(torch.eye(3)[[0, 2]], torch.tensor([0, 2]), ["T-shirt/top", "Trouser", "Coat"])
    assert {k for k in metrics if k.startswith("top1_class_")} == {"top1_class_t_shirt_top", "top1_class_coat"}
    assert metrics["worst_class_top1"] == 100


def test_no_examples_is_an_error_that_says_where_to_look():
    with pytest.raises(UserError, match="test_examples"):
        classification_metrics(torch.empty(0, 3), torch.empty(0, dtype=torch.long))


def test_classes_are_cut_into_thirds_by_their_training_count():
    counts = (5, 900, 40, 300, 5, 100, 8, 20, 60, 10)
    labels = torch.arange(10).repeat(3)
    top1 = 100.0 * (torch.arange(30) % 7 < 3)
    metrics, examples = top1_by_frequency(top1, labels, counts)
    thirds = {"many": [1, 3, 5], "medium": [2, 7, 8, 9], "few": [0, 4, 6]}
    for name, classes in thirds.items():
        values = [t for t, y in zip(top1.tolist(), labels.tolist(), strict=True) if y in classes]
        assert metrics[f"{name}_top1"] == pytest.approx(sum(values) / len(values))
        assert examples[f"{name}_top1"].tolist() == values


def test_margins_are_over_the_best_of_the_other_classes():
    logits = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    assert margins(logits, torch.tensor([0, 2])).tolist() == [1.0, -1.0]


def test_noise_metrics_worked_by_hand():
    wrong = torch.tensor([True, True, True, False, False])
    agrees = torch.tensor([True, False, False, True, True])
    scores = torch.tensor([0.5, 0.1, 0.2, 0.4, 0.9])
    suspects = torch.tensor([False, True, False, True, False])
    found = noise_metrics(agrees, wrong, scores, suspects)
    assert found["memorised"] == pytest.approx(100 / 3)
    assert found["noise_auroc"] == pytest.approx(100 * 5 / 6)
    assert (found["noise_precision"], found["suspected"]) == (50, 40)
    assert found["noise_recall"] == pytest.approx(100 / 3)
    assert noise_metrics(agrees, wrong, scores, None).keys() == {"memorised", "noise_auroc"}
    assert noise_metrics(agrees, ~wrong & wrong, scores, suspects) == {"suspected": 40}
