"""Several steps by a loop over pixels; what is kept between batches; resumed as uninterrupted; one pass a step."""

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.free_at import FreeAT
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import doubled
from tests.kit.methods import CONTEXT, batch, classifier, made, step

MEAN, STD = CONTEXT.inputs.mean[0], CONTEXT.inputs.std[0]
R = 0.1


def pixels(seed=2, size=12):
    data = doubled(batch(("full",), seed=seed, size=size))
    data.views = [((data.views[0] / 3 + 0.5).clamp(0, 1) - MEAN) / STD]
    return data


def test_against_a_loop_over_pixels():
    """Four steps, on one batch three times and on another once; weights, statistics and shift."""
    method = made(FreeAT, radius=R, step_size=0.7, replays=3).double()
    slow = copy.deepcopy(method)
    shift, held = torch.zeros(12, 1, 8, 8, dtype=torch.float64), None
    for number in range(4):
        data = pixels(seed=number)
        held = data if number % 3 == 0 else held
        raw = held.views[0] * STD + MEAN
        leaf = shift.clone().requires_grad_()
        loss = F.cross_entropy(slow.logits(slow.encoder(((raw + leaf).clamp(0, 1) - MEAN) / STD)), held.labels)
        gradients = torch.autograd.grad(loss, [leaf, *slow.parameters()])
        for parameter, slope in zip(slow.parameters(), gradients[1:], strict=True):
            parameter.data -= 0.1 * slope
        for place in itertools.product(range(12), (0,), range(8), range(8)):
            moved = shift[place].item() + 0.7 * R * gradients[0][place].sign().item()
            shift[place] = min(max(moved, -R), R)
        assert step(method, data).item() == pytest.approx(loss.item())
    torch.testing.assert_close(method.shift, shift)
    for (name, a), b in zip(method.named_parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(a, b, msg=name)
    torch.testing.assert_close(method.encoder.norm.running_mean, slow.encoder.norm.running_mean)


def test_radius_zero_and_one_replay_is_training_as_usual():
    method, plain = made(FreeAT, radius=0.0, replays=1).double(), classifier(CrossEntropy).double()
    for seed in (2, 3):
        assert step(method, pixels(seed)).item() == pytest.approx(step(plain, pixels(seed)).item())


def test_the_batches_between_are_not_seen():
    ends = []
    for other in (5, 6):
        method = made(FreeAT, replays=2).double()
        for seed in (2, other, 3, other):
            step(method, pixels(seed))
        ends.append(method.state_dict())
    assert all(torch.equal(ends[0][name], value) for name, value in ends[1].items())


def test_a_step_takes_one_pass():
    method, seen = made(FreeAT).double(), []
    method.encoder.register_forward_hook(lambda module, given, out: seen.append(module.training))
    step(method, pixels())
    assert seen == [True]


def test_resumed_in_the_midst_of_the_replays():
    whole = made(FreeAT, replays=3).double()
    for seed in range(5):
        step(whole, pixels(seed))
    first, second = made(FreeAT, replays=3).double(), made(FreeAT, replays=3, seed=9).double()
    for seed in range(2):
        step(first, pixels(seed))
    second.load_state_dict(first.state_dict())
    for seed in range(2, 5):
        step(second, pixels(seed))
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in whole.state_dict().items())


def test_a_smaller_batch_leaves_the_other_places_alone():
    method = made(FreeAT, radius=R).double()
    step(method, pixels())
    before = method.shift.clone()
    method.backward(pixels(seed=3, size=5))
    assert torch.equal(method.shift[5:], before[5:]) and not torch.equal(method.shift[:5], before[:5])
