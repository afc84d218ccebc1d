"""The augmented Lagrangian by loops; where it starts, how its multipliers move, and what its margin spares."""

import math

import pytest
import torch

from pipeline.methods.ood_score.scone import SCONE
from tests.kit.classifiers import kept, member
from tests.kit.losses import cross_entropy, mean_over
from tests.kit.methods import Training, batch, begun, step, unlabelled
from tests.kit.ood import energy, sides


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def lagrangian(c, weight, multiplier):
    if weight * c + multiplier >= 0:
        return c * multiplier + weight / 2 * c * c
    return -multiplier * multiplier / (2 * weight)


def started(**settings):
    return begun(member(SCONE, **settings))


@pytest.mark.parametrize("multipliers", [(0.0, 0.0), (0.7, 0.2), (0.01, 3.0)])
@pytest.mark.parametrize("before", [0.05, 10.0])
def test_scone_by_loops(multipliers, before):
    known, labels, wild = sides()
    method = started(eta=-2.0)
    with torch.no_grad():
        method.slope.fill_(-0.8), method.offset.fill_(3.0), method.loss_before.fill_(before)
        method.multipliers.copy_(torch.tensor(multipliers))
        method.weights.copy_(torch.tensor([1.5, 2.25]))

    def line(s):
        return -0.8 * s + 3.0

    rejected = sum(sigmoid(line(-energy(row))) for row in known.tolist()) / 5
    accepted = sum(sigmoid(-line(-energy(row) + 2.0)) for row in wild.tolist()) / 8
    excess = mean_over(cross_entropy, known, labels) - 2.0 * before
    want = accepted + lagrangian(rejected - 0.05, 1.5, multipliers[0]) + lagrangian(excess, 2.25, multipliers[1])
    assert method.objective(known, labels, wild).item() == pytest.approx(want, rel=1e-5)
    torch.testing.assert_close(method.sums, torch.tensor([rejected - 0.05, excess]))


def test_it_starts_where_the_classifier_is():
    base, data = member(SCONE).model.eval(), Training()
    logits = base.logits(base.encoder(torch.cat(list(data.plain()))))
    method = started(alpha=0.25)
    assert method.loss_before.item() == pytest.approx(mean_over(cross_entropy, logits, data.labels), rel=1e-5)
    assert (method.slope.item(), method.multipliers.tolist(), method.weights.tolist()) == (-1.0, [0, 0], [1, 1])
    s = logits.logsumexp(1)
    assert method.offset.item() == pytest.approx(s.sort().values[int(0.25 * 47)].item(), abs=1e-5)
    assert (s < method.offset).float().mean().item() == pytest.approx(0.25, abs=1 / 48)  # g = offset - s > 0: rejected
    assert method.model.training


def test_multipliers_move_by_the_mean_violation_of_an_epoch():
    method = started()
    method.start_epoch(0)
    assert not method.multipliers.any() and (method.weights == 1).all()
    with torch.no_grad():
        method.sums.copy_(torch.tensor([0.6, -4.0]))
        method.batches.fill_(2)
        method.multipliers.copy_(torch.tensor([0.5, 1.0]))
        method.weights.copy_(torch.tensor([2.0, 4.0]))
    method.start_epoch(1)  # violated: 0.3, weight grows; met and inactive (4 * -2 + 1 < 0): back by lambda / w
    torch.testing.assert_close(method.multipliers, torch.tensor([0.8, 0.75]))
    torch.testing.assert_close(method.weights, torch.tensor([3.0, 4.0]))
    assert not method.sums.any() and not method.batches


def test_the_margin_spares_what_lies_within_it():
    """A wild image just beyond the boundary pulls less on its energy with a margin than without."""
    known, labels, _ = sides()
    pulls = []
    for eta in (0.0, -6.0):
        method = started(eta=eta)
        wild = torch.full((1, 3), method.offset.item() - math.log(3), requires_grad=True)  # on the boundary
        method.objective(known, labels, wild).backward()
        pulls.append(wild.grad.abs().sum().item())
    assert 0 < pulls[1] < pulls[0] / 10


def test_scores_need_the_classifier_alone():
    method = started()
    for seed in (2, 3):
        step(method, batch(("full",), size=6, seed=seed, wild=unlabelled(size=6)))
    assert all(name.startswith("model.") for name in kept(method))
    fresh, x = member(SCONE, seed=9), batch(("plain",)).views[0]
    fresh.load_state_dict(kept(method), strict=False)
    for each in (method, fresh):
        each.attach(None)
    torch.testing.assert_close(fresh.scores(x), method.scores(x))
