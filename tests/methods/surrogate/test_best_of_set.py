"""Nothing moves, and nothing is trained."""

import torch

from pipeline.methods.surrogate.best_of_set import BestOfSet
from tests.kit.surrogates import designs, surrogate


def test_the_starts_come_out():
    starts = designs()
    (found,) = surrogate(BestOfSet).search(starts, 200, 0.05, torch.Generator())
    assert found is starts and not BestOfSet.trains
