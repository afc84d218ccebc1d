import dataclasses

import torch

from pipeline.methods.acquisition.margin_sampling import MarginSampling
from pipeline.methods.acquisition.power_margin import PowerMargin
from tests.kit import pools


def test_with_a_large_power_it_is_margin_sampling():
    given = pools.pool()
    found = PowerMargin(beta=1e7).choose(given, 12, pools.draws())
    assert torch.equal(found, MarginSampling().choose(given, 12, pools.draws()))


def shares(beta):
    """How often the first of a round is each of three rows with scores 0.2, 0.3 and 0.5."""
    given = pools.pool(count=3, classes=2, labelled=0)
    first = torch.tensor([0.9, 0.85, 0.75], dtype=torch.float64)
    given = dataclasses.replace(given, probabilities=torch.stack([first, 1 - first], 1))
    draws, times = pools.draws(), torch.zeros(3)
    for _ in range(2000):
        times[PowerMargin(beta=beta).choose(given, 1, draws)] += 1
    return times / 2000


def test_rows_are_drawn_in_proportion_to_the_power_of_their_score():
    assert (shares(1.0) - torch.tensor([0.2, 0.3, 0.5])).abs().max() < 0.04
    assert (shares(2.0) - torch.tensor([0.04, 0.09, 0.25]) / 0.38).abs().max() < 0.04
    assert (shares(0.0) - 1 / 3).abs().max() < 0.04
