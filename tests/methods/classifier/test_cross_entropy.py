"""The negative log-likelihood by loops; shared logits cost nothing, and its least is at the labels' distribution."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.losses import cross_entropy, gradient, mean_over


def test_cross_entropy(logits, labels):
    method = CrossEntropy()
    assert method.objective(logits, labels).item() == pytest.approx(mean_over(cross_entropy, logits, labels))
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_its_gradient_is_the_distance_of_probability_and_label(logits, labels):
    want = (logits.softmax(1) - torch.eye(5, dtype=torch.float64)[labels]) / len(labels)
    torch.testing.assert_close(gradient(lambda z: CrossEntropy().objective(z, labels), logits), want)


def test_it_is_least_where_predictions_are_the_labels_frequencies():
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    best = torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64).log()
    slope = gradient(lambda z: CrossEntropy().objective(z.expand(6, 3), labels), best)
    torch.testing.assert_close(slope, torch.zeros(3, dtype=torch.float64))
