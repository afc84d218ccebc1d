"""TRAM: a radius by hand, the first step without one, the reference a step behind, the mean radius."""

import copy

import pytest
import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.sam_fine_tuned import SAMFineTuned
from pipeline.methods.robust_fine_tuning.tram import TRAM
from tests.kit.classifiers import doubled
from tests.kit.fine_tuning import divergence, flat_weights, network_weights, stepped, tuned
from tests.kit.methods import batch, step


def test_the_first_step_is_that_of_gradient_descent_and_later_ones_are_not():
    first = stepped(tuned(TRAM, rho=50.0), 1)
    torch.testing.assert_close(flat_weights(first), flat_weights(stepped(tuned(FineTuned), 1)))
    assert first.d == 0
    later = stepped(tuned(TRAM, rho=50.0))
    assert later.d > 0 and not torch.allclose(flat_weights(later), flat_weights(stepped(tuned(FineTuned))))


def test_the_reference_is_a_step_behind():
    method = stepped(tuned(TRAM), 2)
    before = flat_weights(method).clone()
    step(method, batch(("full",), seed=5), epoch=0)
    assert torch.equal(network_weights(method.reference), before)
    assert not torch.equal(flat_weights(method), before)


def test_a_step_is_that_of_sam_with_the_divergence_as_radius():
    method, data = tuned(TRAM, batch_norm=False, rho=20.0).double(), doubled(batch(("full",), seed=5))
    for number in range(3):
        step(method, doubled(batch(("full",), seed=number)), epoch=0)
    with torch.no_grad():
        now = method.logits(method.encoder(data.views[0]))
        d = 20.0 * divergence(method.reference(data.views[0]), now)
    other = tuned(SAMFineTuned, batch_norm=False, rho=d).double()
    other.encoder, other.head = copy.deepcopy(method.encoder), copy.deepcopy(method.head)
    step(method, data, epoch=0)
    step(other, data, epoch=0)
    assert method.d.item() == pytest.approx(d, rel=1e-8) and d > 0
    torch.testing.assert_close(flat_weights(method), flat_weights(other))


def test_without_adaptation_the_radius_is_the_mean_so_far():
    method, seen = tuned(TRAM, rho=50.0, adaptive=False), []
    for number in range(3):
        stepped(method, 1) if not number else step(method, batch(("full",), seed=30 + number), epoch=0)
        total, count = method.total.tolist()
        assert count == number + 1 and method.d.item() == pytest.approx(total / count)
        seen.append(method.d.item())
    assert method.radii[0].item() == pytest.approx(sum(seen) / method.steps_per_epoch, rel=1e-5)
