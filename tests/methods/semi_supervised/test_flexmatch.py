"""FlexMatch's counts and thresholds by loops over several steps; limits, its authors' code, state."""

import copy
import dataclasses
import math

import pytest
import torch

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.flexmatch import FlexMatch
from tests.kit.losses import cross_entropy, softmax
from tests.kit.methods import CONTEXT, made, unlabelled
from tests.kit.semi_supervised import fixed_steps

STREAM = len(CONTEXT.streams["unlabelled"])
CURVES = {
    "convex": lambda x: x / (2 - x),
    "linear": lambda x: x,
    "concave": lambda x: math.log(x + 1) / math.log(2),
}


def draws(steps, size=20, scale=4.0):
    """Batches of the stream with logits of both views, whose first class is the surest."""
    draw = torch.Generator().manual_seed(7)
    for _ in range(steps):
        given = unlabelled(("full", "strong"), size)
        given.indices = torch.randperm(STREAM, generator=draw)[:size]
        noise = torch.randn(2, size, 3, dtype=torch.float64, generator=draw)
        weak, strong = scale * noise + torch.tensor([2.0, 0.0, -1.0])
        yield given, weak, strong


@pytest.mark.parametrize("warm_up", [True, False])
@pytest.mark.parametrize("mapping", CURVES)
def test_against_loops(mapping, warm_up):
    method = made(FlexMatch, mapping=mapping, warm_up=warm_up, threshold=0.8)
    last, partly = {}, 0
    for given, weak, strong in draws(12):
        counts = [list(last.values()).count(c) for c in range(3)]
        most = max(*counts, STREAM - len(last) if warm_up else 0)
        thresholds = [0.8 * CURVES[mapping](n / most) if most else 0.0 for n in counts]
        total, used = 0.0, 0
        for place, z, other in zip(given.indices.tolist(), weak.tolist(), strong.tolist(), strict=True):
            q = softmax(z)
            c = q.index(max(q))
            if q[c] >= thresholds[c]:
                used += 1
                total += cross_entropy(other, c)
            if q[c] >= 0.8:
                last[place] = c
        partly += 0 < used < len(weak)
        assert method.unlabelled_loss(given, weak, strong).item() == pytest.approx(total / len(weak), rel=1e-9)
    assert partly > 3 and set(last.values()) == {0, 1, 2}
    assert method.last.tolist() == [last.get(place, -1) for place in range(STREAM)]


REST = [1.9264476418414025, 1.434772071762155, 1.0814381030879836, 1.4863634453628614]


@pytest.mark.parametrize(("warm_up", "second"), [(True, 2.03929873435671), (False, 1.4054408764874604)])
def test_against_the_authors_code(warm_up, second):
    """Six steps of microsoft/Semi-supervised-learning (algorithms/flexmatch/utils.py) on a stream of 16 images."""
    small = dataclasses.replace(CONTEXT, streams={"unlabelled": CONTEXT.streams["unlabelled"][:16]})
    method = made(FlexMatch, context=small, warm_up=warm_up, threshold=0.9)
    losses = [method.unlabelled_loss(*step).item() for step in fixed_steps(16)]
    assert losses == pytest.approx([1.8681404381763365, second, *REST], rel=1e-12)
    assert method.last.tolist() == [0, 1, 1, 2, 0, 0, 2, 0, 0, 1, 2, 0, 0, 1, 2, 0]


def test_before_anything_is_sure_all_is_taken():
    method = made(FlexMatch)
    assert method.thresholds().tolist() == [0, 0, 0] and method.assign(torch.randn(9, 3))[1].all()


def test_classes_learned_alike_have_fixmatchs_threshold():
    method, fixed = made(FlexMatch), made(FixMatch)
    method.last.copy_(torch.arange(STREAM) % 3)
    torch.testing.assert_close(method.thresholds(), torch.full((3,), 0.95))
    given, weak, strong = next(draws(1))
    found, expected = method.unlabelled_loss(given, weak, strong), fixed.unlabelled_loss(given, weak, strong)
    assert torch.equal(found, expected) and found > 0


def test_a_class_that_was_learned_less_is_let_in_sooner():
    method = made(FlexMatch, warm_up=False)
    method.last.copy_(torch.tensor([0] * 40 + [1] * 10 + [-1] * 10))
    assert method.thresholds().tolist() == pytest.approx([0.95, 0.95 * 0.25 / 1.75, 0])
    method.warm_up = True
    assert method.thresholds().tolist() == pytest.approx([0.95, 0.95 * 0.25 / 1.75, 0])
    method.last[:38] = -1
    assert method.thresholds().max() < 0.95 * 0.21, "while most are unused, all thresholds are low"


def test_a_run_goes_on_from_its_state():
    steps = list(draws(8))
    whole = made(FlexMatch)
    losses = [whole.unlabelled_loss(*step) for step in steps]
    first = made(FlexMatch)
    for step in steps[:4]:
        first.unlabelled_loss(*step)
    resumed = made(FlexMatch, seed=9)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    assert [resumed.unlabelled_loss(*step) for step in steps[4:]] == losses[4:]


def test_by_default_as_in_the_paper():
    method = FlexMatch()
    assert (method.unlabelled_ratio, method.threshold, method.mapping, method.warm_up) == (7, 0.95, "convex", True)
    assert not method.training_only, "which images are used is measured after training"
