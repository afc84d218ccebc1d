"""The focal loss by loops, cross-entropy without focus, and a certain example whose factor has no derivative."""

import math

import pytest
import torch

from pipeline.methods.balanced.focal import Focal
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.losses import log_softmax, mean_over


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal(gamma, logits, labels):
    def slow(z, y):
        return -((1 - math.exp(log_softmax(z)[y])) ** gamma) * log_softmax(z)[y]

    method = Focal(gamma=gamma)
    assert method.objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_focal_without_focus_is_cross_entropy(logits, labels):
    torch.testing.assert_close(Focal(gamma=0.0).objective(logits, labels), CrossEntropy().objective(logits, labels))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_of_a_certain_example_has_a_finite_gradient(gamma):
    z = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    loss = Focal(gamma=gamma).objective(z, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0.0 and z.grad.isfinite().all()
