"""Targets of label and decision by loops; cross-entropy for beta 1; no gradient through the decision."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.bootstrapping import Bootstrapping
from tests.kit.losses import gradient, log_softmax, mean_over


@pytest.mark.parametrize("beta", [0.8, 0.1])
def test_bootstrapping(beta, logits, labels):
    def slow(z, y):
        top = z.index(max(z))
        return -sum((beta * (k == y) + (1 - beta) * (k == top)) * v for k, v in enumerate(log_softmax(z)))

    assert Bootstrapping(beta=beta).objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))


def test_beta_one_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(Bootstrapping(beta=1.0).objective(logits, labels), want)


def test_its_gradient_is_that_of_a_fixed_target(logits, labels):
    """p - beta e_y - (1 - beta) e_z, z the decision."""
    target = 0.8 * torch.eye(5)[labels] + 0.2 * torch.eye(5)[logits.argmax(1)]
    want = (logits.softmax(1) - target) / len(labels)
    torch.testing.assert_close(
        gradient(lambda z: Bootstrapping().objective(z, labels), logits), want, check_dtype=False, rtol=1e-6, atol=1e-7
    )
