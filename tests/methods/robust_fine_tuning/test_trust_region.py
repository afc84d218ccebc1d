"""A symmetric divergence between predictions with and without noise."""

import math

import pytest
import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.trust_region import TrustRegion
from tests.kit.fine_tuning import flat_weights, stepped, tuned
from tests.kit.losses import log_softmax
from tests.kit.methods import batch


def test_against_loops():
    method, data = tuned(TrustRegion, batch_norm=False, lam=0.8, sigma=0.5).double(), batch(("full",))
    views = data.views[0].double()
    data.views[0] = views
    torch.manual_seed(4)
    found = method.loss(data).item()
    torch.manual_seed(4)
    noise = torch.randn_like(views)
    total = 0.0
    with torch.no_grad():
        pairs = [method.logits(method.encoder(x)).tolist() for x in (views, views + 0.5 * noise)]
    for clean, noisy, label in zip(*pairs, data.labels.tolist(), strict=True):
        p, q = log_softmax(clean), log_softmax(noisy)
        both = sum((math.exp(a) - math.exp(b)) * (a - b) for a, b in zip(p, q, strict=True))
        total += -p[label] + 0.8 * both
    assert found == pytest.approx(total / len(views), rel=1e-9)


def test_without_lam_it_is_fine_tuning_and_batch_statistics_are_those_of_clean_images():
    off, plain = stepped(tuned(TrustRegion, lam=0.0)), stepped(tuned(FineTuned))
    assert torch.equal(flat_weights(off), flat_weights(plain))
    assert torch.equal(off.encoder.norm.running_mean, plain.encoder.norm.running_mean)
    assert not torch.equal(flat_weights(stepped(tuned(TrustRegion, lam=3.0, sigma=1.0))), flat_weights(plain))
