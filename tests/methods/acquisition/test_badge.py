import dataclasses

import torch

from pipeline.methods.acquisition import badge
from pipeline.methods.acquisition.badge import BADGE
from tests.kit import pools


def gradients(given):
    """Of cross-entropy with the predicted class, in the last layer's weights, row by row."""
    found = []
    for h, p in zip(given.features.double(), given.probabilities, strict=True):
        weight = torch.zeros(len(p), len(h), dtype=torch.float64, requires_grad=True)
        # a bias that makes these probabilities of the features
        torch.nn.functional.cross_entropy((weight @ h + p.log())[None], p.argmax()[None]).backward()
        found.append(weight.grad.flatten())
    return torch.stack(found)


def test_each_row_is_drawn_by_its_distance_from_those_before(monkeypatch):
    given, drawn = pools.pool(), []

    def recording(weights, count, generator):
        drawn.append(weights / weights.sum())
        return multinomial(weights, count, generator=generator)

    multinomial = torch.multinomial
    monkeypatch.setattr(badge.torch, "multinomial", recording)
    chosen = BADGE().choose(given, 8, pools.draws())
    g = gradients(given)
    lengths = g.norm(dim=1).masked_fill(given.labelled, -1)
    assert chosen[0] == lengths.argmax()
    unlabelled = given.unlabelled.tolist()
    for step, found in enumerate(drawn, 1):
        squares = [min(float((g[place] - g[c]).square().sum()) for c in chosen[:step]) for place in unlabelled]
        expected = torch.tensor(squares, dtype=torch.float64) / sum(squares)
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-9)


def test_a_learner_that_is_sure_of_all_but_one_row_has_it_labelled_first():
    given = pools.pool(classes=3)
    certain = torch.eye(3, dtype=torch.float64)[torch.arange(40) % 3]
    certain[given.unlabelled[11]] = torch.tensor([0.4, 0.3, 0.3], dtype=torch.float64)
    given = dataclasses.replace(given, features=1 + given.features, probabilities=certain)
    chosen = BADGE().choose(given, 5, pools.draws())
    assert chosen[0] == given.unlabelled[11] and len(chosen.unique()) == 5


def test_a_row_like_one_chosen_is_left():
    """Two rows with long gradients that are alike, and one apart: never both of the first."""
    given = pools.pool(count=3, classes=2, width=2, labelled=0)
    features = torch.tensor([[9.0, 0.0], [9.0, 0.0], [0.0, 1.0]])
    given = dataclasses.replace(
        given, features=features, probabilities=torch.tensor([[0.6, 0.4]] * 3, dtype=torch.float64)
    )
    for seed in range(20):
        assert sorted(BADGE().choose(given, 2, pools.draws(seed)).tolist()) in ([0, 2], [1, 2])


def test_scaling_the_features_changes_nothing():
    given = pools.pool()
    doubled = dataclasses.replace(given, features=2 * given.features)
    assert torch.equal(BADGE().choose(given, 9, pools.draws()), BADGE().choose(doubled, 9, pools.draws()))
