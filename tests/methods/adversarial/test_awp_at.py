"""The gradient at perturbed weights by loops; limits; what the first pass leaves behind; ablations."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.awp_at import AWPAT
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.adversarial.trades import TRADES
from pipeline.methods.adversarial.trades_awp import TRADESAWP
from tests.kit.classifiers import pixels
from tests.kit.methods import batch, made, step

PAIRS = [(AWPAT, PGDAT), (TRADESAWP, TRADES)]


def length(tensor):
    return math.sqrt(sum(v * v for v in tensor.flatten().tolist()))


def perturbed(cls):
    """A method in float64 that perturbs from now on."""
    method = made(cls, gamma=0.02).double()
    method.progress = 0.5
    return method


def test_against_loops():
    method, data = perturbed(AWPAT), pixels()
    step(method, pixels(seed=3))
    method.zero_grad()
    slow = copy.deepcopy(method)
    torch.manual_seed(4)
    moved = slow.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    at_w, worst = copy.deepcopy(slow), copy.deepcopy(slow)
    F.cross_entropy(at_w.logits(at_w.encoder(moved)), data.labels).backward()
    for (name, weight), there in zip(at_w.named_parameters(), worst.parameters(), strict=True):
        assert (weight.ndim > 1) == (name in ("encoder.convolution.weight", "head.weight"))
        if weight.ndim > 1:
            share = 0.02 * length(weight.detach()) / length(weight.grad)
            there.data = weight.detach() + share * weight.grad
            assert length(there.data - weight.detach()) == pytest.approx(0.02 * length(weight.detach()))
    want = F.cross_entropy(worst.logits(worst.encoder(moved)), data.labels)
    want.backward()
    torch.manual_seed(4)
    found = method.backward(data)
    assert found.item() == pytest.approx(want.item(), rel=1e-9)
    assert found > F.cross_entropy(slow.logits(slow.encoder(moved)), data.labels)
    for (name, a), b, before in zip(method.named_parameters(), worst.parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)
        assert torch.equal(a, before), name
    for (name, a), b in zip(method.named_buffers(), worst.buffers(), strict=True):
        torch.testing.assert_close(a, b, msg=name)  # statistics are those at w + v, and counted once


def test_trades_is_perturbed_by_both_its_terms():
    method, data = perturbed(TRADESAWP), pixels()
    torch.manual_seed(4)
    twin = copy.deepcopy(method)
    twin.made = []
    weights = [p for p in twin.parameters() if p.ndim > 1]
    loss = TRADES.loss(twin, data)
    images = twin.made[0]
    slopes = torch.autograd.grad(loss, weights)
    for weight, slope in zip(weights, slopes, strict=True):
        weight.data += 0.02 * length(weight.detach()) / length(slope) * slope
    z, other = (twin.logits(twin.encoder(x)) for x in (data.views[0], images))
    p, q = z.log_softmax(1), other.log_softmax(1)
    want = F.cross_entropy(z, data.labels) + 6.0 * (p.exp() * (p - q)).sum(1).mean()
    want.backward()
    torch.manual_seed(4)
    assert method.backward(data).item() == pytest.approx(want.item(), rel=1e-9)
    for (name, a), b in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)


@pytest.mark.parametrize(("cls", "plain"), PAIRS)
@pytest.mark.parametrize("settings", [{"gamma": 0.0}, {"warmup": 1.0}])
def test_without_perturbation_it_is_the_method_itself_to_the_bit(cls, plain, settings):
    states = []
    for method in (made(cls, **settings), made(plain)):
        for seed in (2, 3):
            torch.manual_seed(seed)
            step(method, batch(("full",), seed=seed))
        states.append(method.state_dict())
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())


@pytest.mark.parametrize(("cls", "plain"), PAIRS)
def test_the_attack_is_made_once_and_the_weights_are_moved_for_the_second_pass(cls, plain):
    data, seen = pixels(), {}
    for one in (cls, plain):
        method, modes = perturbed(one) if one is cls else made(one).double(), []
        method.encoder.convolution.register_forward_hook(lambda *_, modes=modes, of=method: modes.append(of.training))
        method.backward(data)
        seen[one] = modes
    assert seen[cls].count(True) == 2 * seen[plain].count(True)
    assert seen[cls].count(False) == seen[plain].count(False) + (cls is TRADESAWP)


def test_the_direction_matters_and_its_length_does_not_depend_on_it():
    data, losses = pixels(), {}
    for direction in ("steepest", "random"):
        method = made(AWPAT, gamma=0.05, direction=direction).double()
        torch.manual_seed(4)
        losses[direction] = method.backward(data).item()
    method = made(PGDAT).double()
    torch.manual_seed(4)
    plain = method.backward(data).item()
    assert losses["steepest"] - plain > 2 * abs(losses["random"] - plain) > 0


def test_an_error_in_a_step_leaves_nothing_behind():
    method, data = perturbed(AWPAT), pixels()
    data.labels = data.labels + 7
    with pytest.raises(IndexError):
        method.backward(data)
    assert method.made is None
