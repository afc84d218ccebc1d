import dataclasses
import math

import torch

from pipeline.methods.acquisition.entropy_sampling import EntropySampling
from tests.kit import pools


def test_against_sums():
    given = pools.pool()
    entropy = {
        place: -sum(p * math.log(p) for p in row)
        for place, row in enumerate(given.probabilities.tolist())
        if not given.labelled[place]
    }
    assert EntropySampling().choose(given, 8, pools.draws()).tolist() == sorted(entropy, key=entropy.get)[::-1][:8]


def test_a_certain_row_has_none():
    given = pools.pool()
    certain = torch.eye(4, dtype=torch.float64)[torch.zeros(40, dtype=torch.long)]
    score = EntropySampling().score(dataclasses.replace(given, probabilities=certain), pools.draws())
    assert (score == 0).all()
