"""What holds of every targeted selection: gradients by autograd, whitening, and that targets matter."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.errors import UserError
from pipeline.methods.targeted import Targeted, feature_whitened
from tests.kit.methods import Training, batch, made, members, step
from tests.kit.selection import TARGETED, TARGETS

FAMILY = members("targeted", Targeted)
C = TARGETED.train_examples - TARGETS


@pytest.mark.parametrize("cls", FAMILY)
def test_gradients_are_those_that_autograd_finds(cls):
    method, training = made(cls, context=TARGETED, whiten=False), Training()
    with torch.no_grad():
        found = method.gradients(training)
    method.eval()
    for image, label, row in zip(torch.cat([*training.plain()]), training.labels, found, strict=True):
        loss = F.cross_entropy(method.logits(method.encoder(image[None])), label[None])
        weight, bias = torch.autograd.grad(loss, [method.head.weight, method.head.bias])
        torch.testing.assert_close(row, F.normalize(torch.cat([weight, bias[:, None]], 1).flatten(), dim=0))


def test_whitened_by_loops_of_a_covariance_that_is_singular():
    """As in TAROT's code (wfd_estimator.py) on gradients of mean variance 1: rows times the transpose of L^-1."""
    draw = torch.Generator().manual_seed(2)
    rows = torch.randn(40, 6, generator=draw, dtype=torch.float64) @ torch.randn(
        6, 6, generator=draw, dtype=torch.float64
    )
    rows[:, 5] = -rows[:, :5].sum(1)
    centred = (rows - rows.mean(0)) / rows.var(0).mean().sqrt()
    covariance = centred.T @ centred / 39
    factor = torch.linalg.cholesky((1 - 1e-3) * covariance + 1e-3 * torch.eye(6))
    torch.testing.assert_close(feature_whitened(rows, 1e-3), centred @ torch.linalg.inv(factor).T)


def test_whitened_directions_count_alike_whatever_their_scale():
    draw = torch.Generator().manual_seed(2)
    rows = torch.randn(500, 4, generator=draw, dtype=torch.float64)
    scaled = rows * torch.tensor([1.0, 100.0, 0.5, 3.0])
    torch.testing.assert_close(F.normalize(feature_whitened(rows, 0.0)), F.normalize(feature_whitened(scaled, 0.0)))
    torch.testing.assert_close(F.normalize(feature_whitened(7 * rows, 1e-2)), F.normalize(feature_whitened(rows, 1e-2)))


@pytest.mark.parametrize("cls", FAMILY)
@pytest.mark.parametrize("whiten", [False, True])
def test_other_targets_choose_otherwise(cls, whiten):
    chosen = []
    for seed in (3, 4):
        training = Training()
        training.inputs[C:] = Training(seed=seed).inputs[C:]
        training.labels[C:] = seed - 3
        method = made(cls, context=TARGETED, share=0.25, whiten=whiten)
        with torch.no_grad():
            method.start_phase(1, training)
        assert method.chosen[C:].sum() == 0 and method.chosen.sum() == round(0.25 * C)
        chosen.append(method.chosen)
    assert not torch.equal(*chosen)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_candidate_that_is_a_target_is_chosen(cls):
    training = Training()
    training.inputs[:1], training.labels[0] = training.inputs[C : C + 1], training.labels[C]
    training.inputs[C:], training.labels[C:] = training.inputs[C : C + 1].clone(), training.labels[C].clone()
    method = made(cls, context=TARGETED, share=0.05)
    for seed in range(3):
        step(method, batch(("full",), seed=seed))
    with torch.no_grad():
        method.start_phase(1, training)
    assert method.chosen[0]


@pytest.mark.parametrize("cls", FAMILY)
def test_without_targets_it_cannot_choose(cls):
    with pytest.raises(UserError, match="the protocol's stream 'target'"):
        made(cls)
