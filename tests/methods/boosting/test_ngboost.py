"""Natural gradient by integrating the Fisher information; the step's length by its rule; one round on six points."""

import itertools
import math

import pytest
import torch
from scipy import integrate
from scipy.stats import norm
from sklearn.tree import DecisionTreeRegressor

from pipeline.methods.boosting.ngboost import LARGEST, TOLERANCE, NGBoost, gradient
from tests.kit.tables import Rows, fitted, numbers

THETA = torch.tensor([[0.3, -0.7], [-1.2, 0.4], [2.0, 1.1]], dtype=torch.float64)
TARGETS = torch.tensor([0.9, -3.0, 2.5], dtype=torch.float64)


def surprise(mean, log_deviation, y):
    return -norm.logpdf(y, mean, math.exp(log_deviation))


def slopes(mean, log_deviation, y, width=1e-5):
    """The gradient of the score, by differences."""
    return [
        (surprise(mean + width, log_deviation, y) - surprise(mean - width, log_deviation, y)) / (2 * width),
        (surprise(mean, log_deviation + width, y) - surprise(mean, log_deviation - width, y)) / (2 * width),
    ]


def fisher(mean, log_deviation):
    """The expected outer product of the score's gradient under the distribution itself, by integration."""
    deviation = math.exp(log_deviation)

    def entry(a, b):
        def density(y):
            found = slopes(mean, log_deviation, y)
            return found[a] * found[b] * norm.pdf(y, mean, deviation)

        return integrate.quad(density, mean - 12 * deviation, mean + 12 * deviation)[0]

    return torch.tensor([[entry(a, b) for b in range(2)] for a in range(2)], dtype=torch.float64)


def test_gradient_and_natural_gradient():
    want = torch.tensor([slopes(*theta, y) for theta, y in zip(THETA.tolist(), TARGETS.tolist(), strict=True)])
    torch.testing.assert_close(gradient(THETA, TARGETS), want.double(), rtol=1e-6, atol=1e-6)
    natural = NGBoost().direction(THETA, TARGETS)
    for theta, slope, found in zip(THETA.tolist(), want.double(), natural, strict=True):
        torch.testing.assert_close(found, torch.linalg.solve(fisher(*theta), slope), rtol=1e-5, atol=1e-6)


def test_the_natural_gradient_does_not_depend_on_the_unit():
    """In another unit mu moves by as many units and log sigma by as much; the ordinary gradient's ratio changes."""
    wider = THETA * torch.tensor([10.0, 1.0]) + torch.tensor([0.0, math.log(10)])
    natural = NGBoost().direction(THETA, TARGETS)
    moved = NGBoost().direction(wider, 10 * TARGETS)
    torch.testing.assert_close(moved, natural * torch.tensor([10.0, 1.0]))
    assert not torch.allclose(gradient(wider, 10 * TARGETS), gradient(THETA, TARGETS) * torch.tensor([10.0, 1.0]))


@pytest.mark.parametrize("size", [1e-9, 1e-3, 0.1, 1.0, 7.0, 300.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_line_search_keeps_to_its_rule(size, sign):
    method = NGBoost()
    step = sign * size * method.direction(THETA, TARGETS)
    found = method.line_search(THETA, step, TARGETS)

    def score(scale):
        return sum(
            surprise(*(theta - scale * move).tolist(), float(y))
            for theta, move, y in zip(THETA, step, TARGETS, strict=True)
        )

    rising = 1.0
    while rising <= LARGEST and score(rising) <= score(0):
        rising *= 2
    falls = [rising / 2**n for n in range(200)]
    length = float(step.norm(dim=1).mean())
    assert found == next(scale for scale in falls if scale * length < TOLERANCE or score(scale) < score(0))


def test_one_round_on_six_points():
    """A cut between 2 and 10: mu - y averages 5 and -5; the halves are spread alike, so that sigma moves alike."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    targets = torch.tensor([0.0, 1, 2, 10, 11, 12])
    method = fitted(NGBoost, Rows(rows, targets), rounds=1, depth=1, rate=0.1, held_out=0.0)
    mean, deviation = 6.0, math.sqrt(sum((float(y) - 6) ** 2 for y in targets) / 6)
    squares = [((float(y) - mean) / deviation) ** 2 for y in targets]
    tree = DecisionTreeRegressor(max_depth=1, random_state=method.seed)
    half = tree.fit(rows.numpy(), [(1 - z) / 2 for z in squares]).predict(rows.numpy())
    step = torch.tensor([[5.0] * 3 + [-5.0] * 3, half.tolist()], dtype=torch.float64).T
    start = torch.tensor([mean, math.log(deviation)], dtype=torch.float64).expand(6, 2)
    scale = 0.1 * method.line_search(start, step, targets.double())
    assert scale in (0.1, 0.05, 0.2)
    assert method.predict(rows).tolist() == pytest.approx([6 - 5 * scale] * 3 + [6 + 5 * scale] * 3, rel=1e-6)
    want = [deviation * math.exp(-scale * move) for move in half]
    assert method.deviation(rows).tolist() == pytest.approx(want, rel=1e-6)


def test_the_training_score_falls_with_every_round():
    training = numbers(count=150)
    method = fitted(NGBoost, training, rounds=60, rate=0.1, held_out=0.0)
    scores = [float(method.score(stage, training.labels)) for stage in method.stages(training.inputs)]
    assert all(later < sooner for sooner, later in itertools.pairwise(scores))


def test_it_tells_where_the_noise_is():
    training, test = numbers(count=2000), numbers(count=500, seed=9).inputs
    method = fitted(NGBoost, training, rounds=200, rate=0.05)
    found, loud = method.deviation(test), test[:, 2] > 0
    assert 0.15 < found[~loud].median() < 0.3 < 0.4 < found[loud].median() < 0.65


def test_boosting_ends_where_nothing_is_left_to_step():
    rows = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
    method = fitted(NGBoost, Rows(rows, (rows[:, 0] > 0).float() * 1e-4), rounds=50, rate=1e-3, held_out=0.0)
    assert int(method.used) <= 50
    assert method.predict(rows).isfinite().all() and (method.deviation(rows) > 0).all()
