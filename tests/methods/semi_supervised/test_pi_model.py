"""The Pi-model by loops; both views learn; equal views and the ramp; Mean Teacher's limit."""

import pytest
import torch

from pipeline.methods.semi_supervised.mean_teacher import MeanTeacher
from pipeline.methods.semi_supervised.pi_model import PiModel
from tests.kit.losses import softmax
from tests.kit.methods import SIZE, made, unlabelled
from tests.kit.semi_supervised import STRONG, WEAK, at_the_end, data


def test_against_loops():
    want = 0.0
    for z, other in zip(WEAK.tolist(), STRONG.tolist(), strict=True):
        want += sum((p - q) ** 2 for p, q in zip(softmax(z), softmax(other), strict=True)) / 3 / len(WEAK)
    assert made(PiModel).unlabelled_loss(unlabelled(), WEAK, STRONG).item() == pytest.approx(want, rel=1e-12)


def test_both_views_learn_alike():
    first, second = WEAK.clone().requires_grad_(), STRONG.clone().requires_grad_()
    made(PiModel).unlabelled_loss(unlabelled(), first, second).backward()
    again = [WEAK.clone().requires_grad_(), STRONG.clone().requires_grad_()]
    made(PiModel).unlabelled_loss(unlabelled(), *again[::-1]).backward()
    assert first.grad.any() and second.grad.any()
    torch.testing.assert_close([first.grad, second.grad], [part.grad for part in again])


def test_equal_views_have_nothing_to_learn():
    assert made(PiModel).unlabelled_loss(unlabelled(), WEAK, WEAK) == 0


def test_a_teacher_that_is_the_network_itself_has_the_same_loss():
    """Without batch normalisation, which the teacher has of fewer views."""
    own = at_the_end(PiModel, batch_norm=False, unlabelled_weight=3.0)
    taught = at_the_end(MeanTeacher, batch_norm=False, unlabelled_weight=3.0)
    given = data(PiModel)
    assert len(given["unlabelled"].views[0]) == 2 * SIZE
    torch.testing.assert_close(own.loss(given), taught.loss(given))


def test_the_ramp():
    method, values = made(PiModel), []
    for method.progress in (0.0, 0.2, 0.4, 0.9):
        values.append(method.ramp())
    assert values == pytest.approx([0, 0.5, 1, 1])
