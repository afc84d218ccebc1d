import torch

from pipeline.methods.acquisition.entropy_sampling import EntropySampling
from pipeline.methods.acquisition.least_confident import LeastConfident
from pipeline.methods.acquisition.margin_sampling import MarginSampling
from tests.kit import pools


def test_against_sorted_lists():
    given = pools.pool()
    margins = {}
    for place, row in enumerate(given.probabilities.tolist()):
        first, second, *_ = sorted(row, reverse=True)
        if not given.labelled[place]:
            margins[place] = first - second
    assert MarginSampling().choose(given, 8, pools.draws()).tolist() == sorted(margins, key=margins.get)[:8]


def test_of_two_classes_all_measures_of_uncertainty_agree():
    given = pools.pool(classes=2)
    chosen = [cls().choose(given, 12, pools.draws()) for cls in (MarginSampling, LeastConfident, EntropySampling)]
    assert torch.equal(chosen[0], chosen[1]) and torch.equal(chosen[0], chosen[2])


def test_of_more_classes_they_do_not():
    given = pools.pool(classes=6)
    chosen = [set(cls().choose(given, 12, pools.draws()).tolist()) for cls in (MarginSampling, EntropySampling)]
    assert chosen[0] != chosen[1]
