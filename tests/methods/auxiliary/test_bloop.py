"""The direction number by number over some steps, what it is orthogonal to, and its limits."""

import copy

import pytest
import torch

from pipeline.methods.auxiliary.bloop import Bloop
from pipeline.methods.auxiliary.dynamic_barrier import DynamicBarrier
from pipeline.methods.auxiliary.mixed import Mixed
from pipeline.methods.auxiliary.pc_grad_ema import PcGradEma
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, dot, made, step

MEMBERS = [Bloop, Mixed, DynamicBarrier, PcGradEma]


def doubly(cls, **settings):
    return made(cls, batch_norm=False, **settings).double()


def entries(parts):
    return torch.cat([part.detach().flatten() for part in parts])


def given(method, data):
    """The gradients (d,) of both losses, the auxiliary one's by singular values; and the direction made of them."""
    parameters = list(method.parameters())
    main = entries(torch.autograd.grad(method.loss(data), parameters))
    norms = sum(2 * torch.linalg.svdvals(p.flatten(1))[0].log() for p in parameters if p.ndim > 1)
    auxiliary = entries(torch.autograd.grad(norms, parameters, materialize_grads=True))
    method.backward(data)
    return main, auxiliary, entries(p.grad for p in parameters)


def check_steps(cls, slow, **settings):
    """Four steps in which `slow`, given lists of today's gradients and its own memory, says what the direction is."""
    method, memory = doubly(cls, **settings), {}
    for seed in range(4):
        data = doubled(batch(("full",), seed=seed))
        main, auxiliary, direction = given(method, data)
        want = slow(main.tolist(), auxiliary.tolist(), memory)
        torch.testing.assert_close(direction, torch.tensor(want, dtype=torch.float64))
        step(method, data)  # moves on; the average has today's gradient twice
        slow(main.tolist(), auxiliary.tolist(), memory)


def average(memory, name, new, ema, first):
    memory[name] = [a + ema * (b - a) for a, b in zip(memory.get(name, first), new, strict=True)]
    return memory[name]


def less(vector, other, most):
    """A vector without its part along another, of which at most `most` times is taken away."""
    share = min(dot(vector, other) / (dot(other, other) + 1e-7), most)
    return [v - share * o for v, o in zip(vector, other, strict=True)]


def weighted(main, auxiliary, strength):
    return [a + strength * b for a, b in zip(main, auxiliary, strict=True)]


def test_against_loops():
    def slow(main, auxiliary, memory):
        return weighted(main, less(auxiliary, average(memory, "m", main, 0.3, main), float("inf")), 0.5)

    check_steps(Bloop, slow, ema=0.3, strength=0.5)


@pytest.mark.parametrize("cls", MEMBERS)
def test_without_strength_it_is_cross_entropy_where_nothing_is_in_conflict(cls):
    data, method = doubled(batch(("full",))), doubly(cls, strength=0.0)
    main, auxiliary, direction = given(method, data)
    if cls is PcGradEma and main @ auxiliary < 0:
        return
    torch.testing.assert_close(direction, main)


def test_what_is_added_is_orthogonal_to_the_average():
    method = doubly(Bloop, strength=2.0, ema=0.5)
    for seed in range(3):
        data = doubled(batch(("full",), seed=seed))
        main, _, direction = given(method, data)
        added = direction - main
        assert abs(float(added @ method.main)) < 1e-5 * float(added.norm() * method.main.norm())


def test_the_average_matters_and_is_kept():
    ends = []
    for ema in (1.0, 0.1):
        method = doubly(Bloop, ema=ema, strength=1.0)
        for seed in range(3):
            step(method, doubled(batch(("full",), seed=seed)))
        ends.append(entries(method.parameters()))
    assert not torch.allclose(*ends)
    other = copy.deepcopy(method)
    fresh = doubly(Bloop, ema=0.1, strength=1.0)
    fresh.load_state_dict(other.state_dict())
    for going in (method, fresh):
        step(going, doubled(batch(("full",), seed=9)))
    assert torch.equal(entries(method.parameters()), entries(fresh.parameters()))


def test_the_loss_that_is_told_is_cross_entropy():
    data = doubled(batch(("full",)))
    assert torch.equal(doubly(Bloop).backward(data), doubly(CrossEntropy).loss(data))
