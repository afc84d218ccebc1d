"""Scaled cosines by loops, blind to the length of features; what holds of every margin: none of it is in the logits."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.kit.classifiers import FIVE, check_kept_state, check_loss, check_order, check_reach, embedded, member
from tests.kit.losses import cosines
from tests.kit.methods import CONTEXT, batch, begun, made, members, step

FAMILY = members("margin_softmax")


@pytest.fixture
def angles():
    """Cosines of nine examples with five classes, well within the unit interval."""
    return torch.rand(9, 5, generator=torch.Generator().manual_seed(6), dtype=torch.float64) * 1.8 - 0.9


@pytest.mark.parametrize("cls", FAMILY)
def test_margin_zero_is_the_normalised_softmax(cls, angles, labels):
    want = cross_entropy(20 * angles, labels)
    torch.testing.assert_close(cls(scale=20.0, margin=0.0).objective(20 * angles, labels), want)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_margin_adds_to_the_loss_and_a_wider_one_more(cls, angles, labels):
    losses = [cls(scale=20.0, margin=margin).objective(20 * angles, labels) for margin in (0.0, 0.2, 0.6)]
    assert losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize("cls", FAMILY)
def test_logits_are_scaled_cosines_without_margins_and_do_not_see_the_length_of_features(cls):
    method, features = made(cls, context=FIVE, scale=16.0), embedded()
    out = method.logits(features)
    torch.testing.assert_close(out, method.logits(5 * features), atol=1e-4, rtol=1e-5)
    every = torch.tensor(cosines(features, method.head.weight)).unflatten(1, (5, -1)).amax(2)
    torch.testing.assert_close(out, 16 * every, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("cls", FAMILY)
def test_gradients(cls, angles, labels):
    method = cls(scale=4.0)
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), (4 * angles).requires_grad_())


@pytest.mark.parametrize("cls", FAMILY)
def test_a_new_order_of_classes_changes_nothing(cls, angles, labels):
    check_order(cls().objective, cls().objective, 64 * angles, labels)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_loss_is_the_objective_of_the_first_view_and_reaches_encoder_and_head(cls):
    method, data = made(cls, scale=8.0), batch()
    check_loss(method, data)
    check_reach(method, data)


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept(cls):
    method, data = begun(member(cls)), batch(("full",))
    step(method, data)
    check_kept_state(method, member(cls, seed=9), data.views[0])
    assert method.logits(method.encoder(data.views[0])).shape == (len(data.labels), CONTEXT.num_classes)
