"""Cross-entropy of a head on the base's encoder, by loops; one step of it by hand."""

import pytest
import torch

from pipeline.methods.fine_tuning.fine_tuning import FineTuning
from tests.kit.classifiers import member
from tests.kit.losses import cross_entropy, mean_over
from tests.kit.methods import batch, step


def test_fine_tuning_is_cross_entropy_of_all_weights():
    method, data = member(FineTuning), batch(("full",))
    logits = method.head(method.encoder(data.views[0]))
    assert method.loss(data).item() == pytest.approx(mean_over(cross_entropy, logits, data.labels), rel=1e-5)


def test_one_rate_serves_encoder_and_head():
    method, data = member(FineTuning), batch(("full",))
    gradients = torch.autograd.grad(method.loss(data), list(method.parameters()))
    before = [p.detach().clone() for p in method.parameters()]
    step(method, data, learning_rate=0.1)
    for p, old, slope in zip(method.parameters(), before, gradients, strict=True):
        torch.testing.assert_close(p.detach(), old - 0.1 * slope, rtol=1e-4, atol=1e-6)
