"""The product of pairwise probabilities by loops, right on average from a few classes, exact for two."""

import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.one_vs_each import OneVsEach
from tests.kit.losses import mean_over


def slow(z, y):
    return sum(math.log(1 + math.exp(v - z[y])) for k, v in enumerate(z) if k != y)


def test_one_vs_each_with_all_classes_bounds_cross_entropy(logits, labels):
    assert OneVsEach().objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))
    assert CrossEntropy().objective(logits, labels) < OneVsEach().objective(logits, labels)


def test_with_some_classes_it_is_right_on_average(logits, labels):
    torch.manual_seed(3)
    method = OneVsEach(negatives=1)
    estimates = torch.stack([method.objective(logits, labels) for _ in range(3000)])
    assert estimates.std() > 0
    error = estimates.std() / len(estimates) ** 0.5
    assert abs(estimates.mean().item() - mean_over(slow, logits, labels)) < 4 * error.item()


def test_of_two_classes_it_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits[:, :2], labels % 2)
    torch.testing.assert_close(OneVsEach().objective(logits[:, :2], labels % 2), want)
