"""Metrics of what had no label, on predictions whose values are known."""

from types import SimpleNamespace

import pytest
import torch

from pipeline.metrics import measure
from pipeline.ops.pseudo_labels import pseudo_labels, sure_cross_entropy

# the first, third and fourth are sure: 1 - 2 e^-5, and the like; of them the third is wrong
LOGITS = torch.tensor([[5.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 6.0], [0.0, 9.0, 0.0], [0.0, 2.0, 2.5]])
LABELS = torch.tensor([0, 0, 1, 1, 1])


def test_unlabelled():
    values, examples, _ = measure(
        SimpleNamespace(unlabelled_logits=LOGITS, unlabelled_labels=LABELS), ["unlabelled_top1", "unlabelled_sure"]
    )
    assert examples["unlabelled_top1"].tolist() == [100, 100, 0, 100, 0]
    assert examples["unlabelled_sure"].tolist() == [100, 0, 100, 100, 0]
    assert values == pytest.approx(
        {"unlabelled_top1": 60.0, "unlabelled_top1_sure": 200 / 3, "unlabelled_sure": 60.0}, rel=1e-12
    )


def test_nothing_sure():
    made = SimpleNamespace(unlabelled_logits=0.1 * LOGITS, unlabelled_labels=LABELS)
    values, _, _ = measure(made, ["unlabelled_top1", "unlabelled_sure"])
    assert values == {"unlabelled_top1": 60.0, "unlabelled_sure": 0.0}


def test_pseudo_labels_have_no_gradient():
    logits = LOGITS.clone().requires_grad_()
    classes, sure = pseudo_labels(logits)
    assert classes.tolist() == [0, 0, 2, 1, 2] and sure.tolist() == [True, False, True, True, False]
    sure_cross_entropy(logits, classes, sure).backward()
    assert logits.grad[sure].any(1).all() and not logits.grad[~sure].any()


@pytest.mark.parametrize("threshold", [0.0, 0.95, 1.0])
def test_the_mean_is_over_all(threshold):
    classes, sure = pseudo_labels(LOGITS, threshold)
    losses = [z.logsumexp(0) - z[k] for z, k, kept in zip(LOGITS.double(), classes, sure, strict=True) if kept]
    found = sure_cross_entropy(LOGITS.double(), classes, sure)
    assert found.item() == pytest.approx(float(sum(losses)) / 5, rel=1e-6)
