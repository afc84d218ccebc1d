"""Class weights one by one, the weighted loss by loops, and its two ends: cross-entropy and inverse frequency."""

import dataclasses

import pytest
import torch

from pipeline.methods.balanced.class_balanced import ClassBalanced
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import COUNTS, FIVE, B, K
from tests.kit.losses import cross_entropy, rows
from tests.kit.methods import made


@pytest.mark.parametrize("beta", [0.9, 0.999, 0.9999])
def test_class_balanced(beta, logits, labels):
    method = made(ClassBalanced, context=FIVE, beta=beta)
    weights = [(1 - beta) / (1 - beta**n) for n in COUNTS]
    weights = [w * K / sum(weights) for w in weights]
    assert method.weights.tolist() == pytest.approx(weights, rel=1e-5)
    total = sum(weights[y] * cross_entropy(z, y) for z, y in rows(logits, labels))
    assert method.objective(logits, labels).item() == pytest.approx(total / B, rel=1e-5)
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_beta_zero_and_equal_counts_are_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(made(ClassBalanced, context=FIVE, beta=0.0).objective(logits, labels), want)
    even = made(ClassBalanced, context=dataclasses.replace(FIVE, class_counts=(8,) * K))
    torch.testing.assert_close(even.objective(logits, labels), want)
