from pipeline.methods.acquisition.least_confident import LeastConfident
from tests.kit import pools


def test_against_sorted_lists():
    given = pools.pool()
    greatest = {p: max(row) for p, row in enumerate(given.probabilities.tolist()) if not given.labelled[p]}
    assert LeastConfident().choose(given, 8, pools.draws()).tolist() == sorted(greatest, key=greatest.get)[:8]
