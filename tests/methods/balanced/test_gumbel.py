"""Binary losses of Gumbel's distribution by loops; predictions by enumerating which answers could be yes."""

import itertools
import math

import pytest
import torch

from pipeline.methods.balanced.gumbel import Gumbel, log_odds
from tests.kit.classifiers import FIVE, K, embedded
from tests.kit.losses import mean_over
from tests.kit.methods import made


def slow(z, y):
    p = [math.exp(-math.exp(-min(max(q, -4.0), 10.0))) for q in z]
    return -sum(math.log(v) if k == y else math.log(1 - v) for k, v in enumerate(p))


@pytest.mark.parametrize("scale", [1, 10])
def test_gumbel_is_the_codes_loss_of_clamped_scores(logits, labels, scale):
    """At ten times the scores most of them lie beyond the clamp."""
    q = scale * logits
    assert Gumbel().objective(log_odds(q), labels).item() == pytest.approx(mean_over(slow, q, labels))
    assert (scale == 1) == bool(((q >= -4) & (q <= 10)).double().mean() > 0.7)


def test_gumbel_predicts_the_chance_of_each_class_given_that_it_alone_is_present():
    q = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    p = [math.exp(-math.exp(-v)) for v in q.tolist()]
    alone = {}
    for answers in itertools.product([0, 1], repeat=3):
        if sum(answers) == 1:
            alone[answers.index(1)] = math.prod(v if a else 1 - v for v, a in zip(p, answers, strict=True))
    want = [alone[k] / sum(alone.values()) for k in range(3)]
    assert log_odds(q).softmax(0).tolist() == pytest.approx(want)


def test_gumbel_says_no_with_less_force_than_yes():
    """A missed class is pulled up by exp(-q); a logistic one never by more than 1. Beyond the clamp nothing pulls."""
    q = torch.tensor([[-3.0, -4.01, 10.01, 1.0]], dtype=torch.float64, requires_grad=True)
    Gumbel().objective(log_odds(q), torch.tensor([0])).backward()
    assert q.grad[0, 0].item() == pytest.approx(-math.exp(3))
    assert q.grad[0, 1:3].tolist() == [0.0, 0.0] and q.grad[0, 3] > 0


def test_gumbel_log_odds_rise_all_the_way_and_are_finite():
    q = torch.tensor([-1e4, -100.0, -5.0, -4.0, -3.9, 0.0, 9.9, 10.0, 11.0, 100.0, 1e4])
    assert (log_odds(q).diff() > 0).all() and log_odds(q).isfinite().all()
    method, features = made(Gumbel, context=FIVE), embedded()
    assert method.head.bias.tolist() == [-2.0] * K
    assert torch.equal(method.logits(features).argsort(1), method.head(features).argsort(1))
