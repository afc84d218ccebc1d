"""Metrics of class scores against scikit-learn, slow loops and cases worked by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from pipeline.metrics import ece, measure
from pipeline.ops.class_scores import margins
from pipeline.ops.resampling import once
from tests.kit.evidence import class_scores

OF_SCORES = ("top1", "nll", "ece", "brier", "error_confidence", "worst_class_top1")


def measured(logits, labels):
    return measure(SimpleNamespace(labels=labels, **class_scores(logits)), OF_SCORES)


def drawn(seed=2):
    make = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(200, 4, generator=make), torch.randint(4, (200,), generator=make)


def test_by_slow_loops():
    logits, labels = drawn()
    metrics, examples, _ = measured(logits, labels)
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
    by_class = [np.mean([r for r, y in zip(right, labels.tolist(), strict=True) if y == k]) for k in range(4)]
    assert metrics == pytest.approx(
        {
            "top1": np.mean(right),
            "nll": np.mean(nll),
            "ece": 100 * ece,
            "brier": 100 * np.mean(brier),
            "error_confidence": 100 * np.mean(astray),
            "worst_class_top1": min(by_class),
        }
    )
    assert examples.keys() == {"top1", "nll", "brier"}
    assert examples["top1"].tolist() == right
    assert examples["nll"].tolist() == pytest.approx(nll)


def test_are_scikit_learns():
    logits, labels = drawn(3)
    metrics, *_ = measured(logits, labels)
    p = logits.double().softmax(1).numpy()
    assert metrics["top1"] == pytest.approx(100 * accuracy_score(labels, p.argmax(1)))
    assert metrics["nll"] == pytest.approx(log_loss(labels, p))
    assert metrics["brier"] == pytest.approx(100 * brier_score_loss(labels, p, scale_by_half=False))


def calibration_error(confidence, correct, **further):
    sides = confidence.numpy(), correct.numpy()
    return float(ece.calibration_error(*sides, once("", len(confidence)), **further)[0])


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
    sure, *_ = measured(1000 * torch.eye(5), labels)
    assert [sure[name] for name in OF_SCORES if name in sure] == [100, 0, 0, 0, 100]
    assert measured(1000 * torch.eye(5), labels).absent == {"error_confidence": "no test example is predicted wrongly"}
    flat, *_ = measured(torch.zeros(5, 5), labels)
    assert flat["nll"] == pytest.approx(math.log(5)) and flat["brier"] == pytest.approx(80)


def test_the_worst_class_is_one_that_occurs():
    metrics, *_ = measured(torch.eye(3)[[0, 2, 0]], torch.tensor([0, 2, 2]))
    assert metrics["worst_class_top1"] == 50


def test_classes_are_cut_into_thirds_by_their_training_count():
    counts = (5, 900, 40, 300, 5, 100, 8, 20, 60, 10)
    labels = torch.arange(10).repeat(3)
    predictions = torch.where(torch.arange(30) % 7 < 3, labels, (labels + 1) % 10)
    made = SimpleNamespace(labels=labels, predictions=predictions, class_counts=counts)
    metrics, examples, _ = measure(made, ["many_top1", "medium_top1", "few_top1"])
    thirds = {"many": [1, 3, 5], "medium": [2, 7, 8, 9], "few": [0, 4, 6]}
    for name, classes in thirds.items():
        pairs = zip(predictions.tolist(), labels.tolist(), strict=True)
        values = [100.0 * (p == y) for p, y in pairs if y in classes]
        assert metrics[f"{name}_top1"] == pytest.approx(sum(values) / len(values))
        assert examples[f"{name}_top1"].tolist() == values
    made.labels = torch.full((30,), 9)  # no test image of a class that is not of the middle
    assert measure(made, ["many_top1", "medium_top1", "few_top1"])[0].keys() == {"medium_top1"}


def test_the_best_epoch():
    assert measure(SimpleNamespace(watched=[10.0, 80.0, 70.5]), ["top1_best"]) == ({"top1_best": 80.0}, {}, {})
    assert measure(SimpleNamespace(watched=[]), ["top1_best"]).absent == {"top1_best": "no epoch was watched"}


def test_margins_are_over_the_best_of_the_other_classes():
    logits = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    assert margins(logits, torch.tensor([0, 2])).tolist() == [1.0, -1.0]


NOISE = ("memorised", "noise_auroc", "noise_precision", "noise_recall", "suspected")


def test_what_became_of_wrong_labels_by_hand():
    wrong = torch.tensor([True, True, True, False, False])
    made = SimpleNamespace(
        wrong_labels=wrong,
        train_predictions=torch.tensor([0, 1, 2, 0, 1]),
        train_labels=torch.tensor([0, 2, 0, 0, 1]),
        label_scores=torch.tensor([0.5, 0.1, 0.2, 0.4, 0.9]),
        suspects=torch.tensor([False, True, False, True, False]),
    )
    found, examples, _ = measure(made, NOISE)
    assert found == pytest.approx(
        {
            "memorised": 100 / 3,
            "noise_auroc": 100 * 5 / 6,
            "noise_precision": 50,
            "noise_recall": 100 / 3,
            "suspected": 40,
        }
    )
    assert not examples
    made.suspects = None
    assert measure(made, NOISE)[0].keys() == {"memorised", "noise_auroc"}
    made.suspects, made.wrong_labels = torch.zeros(5, dtype=torch.bool), wrong
    found = measure(made, NOISE)
    assert "noise_precision" not in found.values
    assert found.absent == {"noise_precision": "the method suspects no training label"}
    assert found.values["noise_recall"] == found.values["suspected"] == 0
    made.suspects, made.wrong_labels = wrong, wrong & ~wrong
    assert measure(made, NOISE)[0] == {"suspected": pytest.approx(60)}
    made.wrong_labels = None
    assert measure(made, NOISE)[0].keys() == {"suspected"}
