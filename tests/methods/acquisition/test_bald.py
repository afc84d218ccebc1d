import dataclasses
import math

import pytest
import torch

from pipeline.methods.acquisition.bald import BALD
from tests.kit import pools


def entropy(row):
    return -sum(p * math.log(p) for p in row if p > 0)


def test_against_loops():
    given = pools.pool(draws=7)
    found = BALD(draws=5).score(given, pools.draws())
    answers = given.learner.answers[:5].tolist()
    for place in range(40):
        rows = [draw[place] for draw in answers]
        mean = [sum(column) / 5 for column in zip(*rows, strict=True)]
        assert found[place].item() == pytest.approx(entropy(mean) - sum(map(entropy, rows)) / 5)


def test_draws_that_agree_say_nothing_however_unsure_they_are():
    given = pools.pool()
    same = pools.Sampler(given.learner.answers[:1].expand(20, -1, -1))
    assert BALD().score(dataclasses.replace(given, learner=same), pools.draws()).abs().max() < 1e-12


def test_sure_draws_that_differ_say_most():
    given = pools.pool(classes=2)
    answers = given.learner.answers.clone()
    answers[:, 3] = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64).repeat(10, 1)
    answers[:, 4] = 0.5
    score = BALD().score(dataclasses.replace(given, learner=pools.Sampler(answers)), pools.draws())
    assert score[3].item() == pytest.approx(math.log(2)) and score.argmax() == 3
    assert score[4].abs() < 1e-12
