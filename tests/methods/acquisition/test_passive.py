import torch

from pipeline.methods.acquisition.passive import Passive
from tests.kit import pools


def test_every_row_is_as_likely():
    given, times = pools.pool(count=20, labelled=4), torch.zeros(20)
    draws = pools.draws()
    for _ in range(800):
        times[Passive().choose(given, 4, draws)] += 1
    assert times[given.labelled].sum() == 0
    assert (times[~given.labelled] - 200).abs().max() < 60  # 200 expected, deviation 12


def test_probabilities_play_no_part():
    first, other = (Passive().choose(pools.pool(seed=seed), 40 - 6, pools.draws()) for seed in (0, 0))
    assert torch.equal(first, other)
