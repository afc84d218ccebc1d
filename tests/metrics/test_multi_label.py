"""Metrics of several labels an example against scikit-learn."""

from types import SimpleNamespace

import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, label_ranking_average_precision_score

from pipeline.metrics import measure


def measured(logits, positives):
    return measure(SimpleNamespace(logits=logits, positives=positives), ["map", "lrap", "f1"])


@pytest.mark.parametrize("ties", [False, True])
def test_metrics_are_sklearns(ties):
    torch.manual_seed(8)
    scores = torch.randn(60, 5)
    scores = scores.round(decimals=0) if ties else scores
    labels = (torch.rand(60, 5) < 0.4).float()
    labels[:, 0] *= labels.any(1)
    labels[~labels.any(1), 2] = 1.0
    labels[0] = 1.0  # no class is left that could be ranked above one of its own
    metrics, examples, _ = measured(scores, labels)
    truth, given = labels.numpy().astype(int), scores.numpy()
    assert metrics["map"] == pytest.approx(100 * average_precision_score(truth, given, average="macro"))
    assert metrics["lrap"] == pytest.approx(100 * label_ranking_average_precision_score(truth, given))
    assert metrics["f1"] == pytest.approx(100 * f1_score(truth, given > 0, average="samples", zero_division=0))
    assert examples.keys() == {"lrap", "f1"}
    for name in ("lrap", "f1"):
        assert examples[name].mean().item() == pytest.approx(metrics[name])


def test_classes_that_do_not_occur_and_examples_without_labels_are_left_out():
    scores = torch.tensor([[2.0, 5.0, 1.0], [1.0, 5.0, 3.0], [0.0, -1.0, 0.5]])
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    metrics, examples, _ = measured(scores, labels)
    assert metrics["map"] == pytest.approx(100.0)
    assert metrics["lrap"] == pytest.approx(100 * ((1 / 2 + 2 / 3) / 2 + 1 / 2) / 2)
    assert metrics["f1"] == pytest.approx(100 * (2 * 2 / 5 + 2 * 1 / 4) / 2)
    assert examples["f1"].tolist() == pytest.approx([80.0, 50.0])


def test_without_a_class_in_the_test_split_nothing_is_measured():
    found = measured(torch.randn(4, 3), torch.zeros(4, 3))
    assert not found.values and not found.examples and found.absent.keys() == {"map", "lrap", "f1"}
