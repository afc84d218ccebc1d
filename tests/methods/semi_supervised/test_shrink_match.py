"""ShrinkMatch by loops over several steps; when it is FixMatch; which head learns what; ablations."""

import dataclasses

import pytest
import torch

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.shrink_match import ShrinkMatch
from tests.kit.losses import log_softmax, softmax
from tests.kit.methods import CONTEXT, made, step, unlabelled
from tests.kit.semi_supervised import at_the_end, data

SEVEN = dataclasses.replace(CONTEXT, num_classes=7)
TAU = 0.8


def steps(number, seed=0):
    draws = torch.Generator().manual_seed(seed)
    for _ in range(number):
        yield [2 * torch.randn(15, 7, generator=draws, dtype=torch.float64) for _ in range(3)]


def entropy_of_first(z, kept):
    return -log_softmax([z[k] for k in kept])[0]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_against_loops_over_steps(weight):
    method = made(ShrinkMatch, context=SEVEN, threshold=TAU, momentum=0.9, shrink_weight=weight).double()
    means, certain, places = [], 0.0, set()
    for weak, strong, other in steps(35):
        raw = [softmax(z) for z in weak.tolist()]
        means = [*means, [sum(p[k] for p in raw) / 15 for k in range(7)]][-32:]
        sums = [sum(mean[k] for mean in means) for k in range(7)]
        aligned = [[p[k] / sums[k] for k in range(7)] for p in raw]
        aligned = [[v / sum(p) for v in p] for p in aligned]
        certain = 0.9 * certain + 0.1 * sum(max(p) >= TAU for p in aligned) / 15
        want = 0.0
        for p, z, h in zip(aligned, strong.tolist(), other.tolist(), strict=True):
            if max(p) >= TAU:
                want -= sum(v * w for v, w in zip(p, log_softmax(z), strict=True)) / 15
                continue
            order = sorted(range(7), key=lambda k: -p[k])
            for c in range(2, 7):
                kept = [order[0], *order[c:]]
                if p[order[0]] / sum(p[k] for k in kept) >= TAU:
                    want += weight * certain * max(p) * entropy_of_first(h, kept) / 15
                    places.add(c)
                    break
        assert method.pair_loss(weak, strong, other).item() == pytest.approx(want, rel=1e-6)
    assert method.certain.item() == pytest.approx(certain) and len(places) > 3


def test_against_the_authors_code():
    """The last of fifty steps of CIFAR/shrinkmatch.py and CIFAR/network/shrinkmatch.py, of LiheYoung/ShrinkMatch."""
    ten = dataclasses.replace(CONTEXT, num_classes=10)
    method = made(ShrinkMatch, context=ten).double()
    method.certain.fill_(0.3)
    torch.manual_seed(0)
    for _ in range(50):
        loss = method.pair_loss(*[4 * torch.randn(21, 10).double() for _ in range(3)])
    assert loss.item() == pytest.approx(1.871386230293464, rel=1e-6)
    assert method.certain.item() == pytest.approx(0.29499300263986367, rel=1e-6)


def test_without_shrinking_and_with_even_batches_sure_labels_are_fixmatchs():
    """Each batch's mean is even, so that nothing is aligned; sharp predictions make soft labels hard ones."""
    weak = torch.eye(3).repeat(4, 1) * 40
    strong = torch.randn(12, 3)
    shrunk, fixed = made(ShrinkMatch, shrink_weight=0.0), made(FixMatch)
    want = fixed.unlabelled_loss(unlabelled(), weak, strong)
    torch.testing.assert_close(shrunk.pair_loss(weak, strong, strong), want)


def test_the_classes_that_are_lost_learn_nothing():
    method = made(ShrinkMatch, context=SEVEN, threshold=TAU, reweighted=False)
    method.recent.fill_(1 / 7)
    weak = torch.tensor([[0.5, 0.35, 0.05, 0.04, 0.03, 0.02, 0.01]]).log()
    method.recent[0] = weak.exp().mean(0)
    strong, other = (torch.zeros(1, 7, requires_grad=True) for _ in range(2))
    method.pair_loss(weak, strong, other).backward()
    assert not strong.grad.any()
    assert other.grad[0, 1] == 0 and other.grad[0, 0] < 0 and other.grad[0, -1] > 0


def test_one_head_learns_both():
    own, one = (at_the_end(ShrinkMatch, own_head=own, threshold=0.36, shrink_weight=5.0) for own in (True, False))
    assert not hasattr(one, "auxiliary") and own.auxiliary[-1].out_features == 3
    given = data(ShrinkMatch)
    gradients = []
    for weight in (0.0, 5.0):
        one.shrink_weight, one.certain = weight, torch.tensor(0.5)
        one.zero_grad()
        one.backward(given)
        gradients.append(one.head.weight.grad.clone())
    assert not torch.equal(*gradients)


def test_unsure_inputs_are_taken_with_their_weight():
    method = made(ShrinkMatch, context=SEVEN, threshold=TAU)
    method.certain.fill_(0.5)
    p = torch.tensor([[0.5, 0.35, 0.05, 0.04, 0.03, 0.02, 0.01], [0.9, 0.1, 0, 0, 0, 0, 0], [1 / 7] * 7])
    classes, weights = method.assign(p.log())
    assert classes[:2].tolist() == [0, 0]
    torch.testing.assert_close(weights, torch.tensor([0.25, 1.0, 0.0]))


def test_resumed_is_uninterrupted():
    straight = at_the_end(ShrinkMatch, threshold=0.36)
    for number in range(3):
        step(straight, data(ShrinkMatch, seed=number))
    resumed = at_the_end(ShrinkMatch, threshold=0.36, seed=9)
    resumed.load_state_dict(straight.state_dict())
    for method in (straight, resumed):
        step(method, data(ShrinkMatch, seed=7))
    found = resumed.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in straight.state_dict().items())


def test_what_it_believes_of_inputs():
    """The first image is sure; the second loses three classes; nothing helps the third."""
    method = made(ShrinkMatch, context=SEVEN, threshold=TAU)
    p = torch.tensor([[0.9, 0.1, 0, 0, 0, 0, 0], [0.05, 0.5, 0.04, 0.25, 0.12, 0.03, 0.01], [1 / 7] * 7])
    method.recent.fill_(1 / 7)
    method.encoder, method.head = torch.nn.Identity(), torch.nn.Identity()
    found = method.beliefs(p.log())
    torch.testing.assert_close(found["aligned"], p)
    assert found["kept"].tolist() == [[0] * 7, [0, 1, 1, 0, 0, 1, 1], [0] * 7]
