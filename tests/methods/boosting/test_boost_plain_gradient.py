"""The slope of the likelihood itself, by differentiation; one round on six points; in which unit both ways agree."""

import math

import pytest
import torch

from pipeline.methods.boosting.boost_plain_gradient import BoostPlainGradient
from pipeline.methods.boosting.ngboost import NGBoost
from tests.kit.tables import Rows, fitted, numbers

THETA = torch.tensor([[0.3, -0.7], [-1.2, 0.4], [2.0, 1.1]], dtype=torch.float64)
TARGETS = torch.tensor([0.9, -3.0, 2.5], dtype=torch.float64)


def test_it_goes_down_the_likelihood():
    theta = THETA.clone().requires_grad_()
    (-torch.distributions.Normal(theta[:, 0], theta[:, 1].exp()).log_prob(TARGETS)).sum().backward()
    torch.testing.assert_close(BoostPlainGradient().direction(THETA, TARGETS), theta.grad)


def test_of_unit_deviation_only_the_second_part_differs():
    """I = diag(1 / sigma^2, 2) is diag(1, 2) there."""
    unit = THETA * torch.tensor([1.0, 0.0])
    plain, natural = (method().direction(unit, TARGETS) for method in (BoostPlainGradient, NGBoost))
    torch.testing.assert_close(plain, natural * torch.tensor([1.0, 2.0]))


def test_one_round_on_six_points():
    """A cut between 2 and 10: (mu - y) / sigma^2 averages 5 / sigma^2 and its negative."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    targets = torch.tensor([0.0, 1, 2, 10, 11, 12])
    method = fitted(BoostPlainGradient, Rows(rows, targets), rounds=1, depth=1, rate=0.1, held_out=0.0)
    variance = sum((float(y) - 6) ** 2 for y in targets) / 6
    moved = (method.predict(rows) - 6).tolist()
    scale = moved[3] / (0.1 * 5 / variance)
    assert math.log2(scale) == pytest.approx(round(math.log2(scale)), abs=1e-4), "halved and doubled from 1"
    assert moved == pytest.approx([-moved[3]] * 3 + [moved[3]] * 3)


def test_the_training_score_falls_with_every_round():
    training = numbers(count=150)
    method = fitted(BoostPlainGradient, training, rounds=60, rate=0.1, held_out=0.0)
    scores = [float(method.score(stage, training.labels)) for stage in method.stages(training.inputs)]
    assert scores == sorted(scores, reverse=True)
