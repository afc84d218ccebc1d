"""What holds of every adversarial classifier: the attack it trains against, and what the attack leaves alone."""

import dataclasses

import pytest
import torch

from pipeline.contract import Inputs
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.balls import Linf
from tests.kit.classifiers import check_kept_state, check_reach, doubled
from tests.kit.classifiers import member as made
from tests.kit.methods import CONTEXT, SIDE, batch, classifier, members, step
from tests.kit.rules import check_that_hard_batches_are_no_trouble

FAMILY = members("adversarial")
R = 0.1
OWN_LOSS = {"MART", "SOVR"}
"""Of images that no attack moves these are not cross-entropy."""
WITHOUT_DRAWS = {"FreeAT"}
"""Whose attack starts where the last one ended."""


def pixels(seed=2):
    """A batch whose one view has raw values from 0 to 1, some of them at the ends."""
    data = batch(("full",), seed=seed)
    raw = (data.views[0] / 3 + 0.5).clamp(0, 1)
    return dataclasses.replace(data, views=[(raw - 0.5) / 0.25])


def entropy(logits):
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_attack_stays_in_the_ball_and_in_the_range(cls):
    method, data = made(cls, radius=R), pixels()
    assert method.attack().ball == Linf(R) and method.attack().step_size == method.step_size * R
    moved = method.attacked(entropy, data.views[0])
    assert 0.5 * R < (moved - data.views[0]).abs().max() * 0.25 <= R + 1e-6
    assert (moved * 0.25 + 0.5).min() >= -1e-6 and (moved * 0.25 + 0.5).max() <= 1 + 1e-6
    assert (
        entropy(method.eval().logits(method.encoder(moved))).mean()
        > entropy(method.logits(method.encoder(data.views[0]))).mean()
    )


@pytest.mark.parametrize("cls", FAMILY)
def test_lengths_are_of_raw_units_whatever_the_normalisation(cls):
    inputs = Inputs(shape=(1, SIDE, SIDE), view_shape=(1, SIDE, SIDE), mean=(0.2,), std=(0.5,), bounds=(0.0, 1.0))
    method = made(cls, context=dataclasses.replace(CONTEXT, inputs=inputs), radius=R)
    images = torch.zeros(4, 1, SIDE, SIDE)  # raw 0.2
    assert ((method.attacked(entropy, images) - images).abs().max() * 0.5).item() == pytest.approx(R, rel=1e-5)


@pytest.mark.parametrize("cls", FAMILY)
def test_making_the_attack_changes_neither_state_nor_gradients_nor_mode(cls):
    method, data = made(cls), pixels()
    method.head.weight.grad = torch.ones_like(method.head.weight)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    assert not method.attacked(entropy, data.views[0]).requires_grad
    assert method.training and method.encoder.norm.training
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    assert torch.equal(method.head.weight.grad, torch.ones_like(method.head.weight))
    assert all(p.grad is None for p in method.encoder.parameters())


@pytest.mark.parametrize("cls", FAMILY)
def test_the_attack_is_made_by_running_statistics(cls):
    """In float64: two methods alike but for the other images of the batch attack an image alike."""
    method, data = made(cls).double(), doubled(pixels())
    steps = dataclasses.replace(method.attack(), start=lambda ball, like, generator: torch.zeros_like(like) + 0.01)
    method.attack = lambda: steps
    alone = method.attacked(entropy, data.views[0][:1])
    torch.testing.assert_close(method.attacked(entropy, data.views[0])[:1], alone)


HARD = {"beta": 0.0, "vertex_kept": 1.0}
"""Of methods that have these settings, what leaves cross-entropy of the labels at radius 0."""


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if not cls.builds_on and cls.__name__ not in OWN_LOSS])
def test_radius_zero_is_cross_entropy(cls):
    data, plain = pixels(), classifier(CrossEntropy)
    method = made(cls, radius=0.0, **{name: value for name, value in HARD.items() if hasattr(cls, name)})
    torch.testing.assert_close(method.loss(data), plain.loss(data))


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if cls.__name__ not in WITHOUT_DRAWS])
def test_the_same_seed_attacks_alike(cls):
    data = pixels()
    losses = []
    for seed in (3, 3, 4):
        method = made(cls)
        torch.manual_seed(seed)
        losses.append(method.loss(data).item())
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("cls", FAMILY)
def test_the_loss_reaches_every_weight(cls):
    method, data = made(cls), pixels()
    step(method, data)
    check_reach(method, pixels(seed=5))


@pytest.mark.parametrize("cls", FAMILY)
def test_hard_batches(cls):
    check_that_hard_batches_are_no_trouble(made(cls))


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept(cls):
    method, data = made(cls), pixels()
    for _ in range(2):
        step(method, data)
    check_kept_state(method, made(cls, seed=9), data.views[0])
