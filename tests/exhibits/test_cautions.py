"""A row is marked where a metric's value warns of it, and only there."""

from types import SimpleNamespace

import pytest

from pipeline.exhibits import cautions, statistics
from pipeline.exhibits.statistics import Sample


def cell(**means):
    values = {name: statistics.mean(Sample({0: value - 1, 1: value + 1})) for name, value in means.items()}
    return SimpleNamespace(metrics=sorted(means), estimate=values.__getitem__)


STUDY = SimpleNamespace(measured=["robust_aa", "masking", "robust_pgd", "unheard_of"])


def test_above_the_bound_a_row_is_warned_of():
    (line,) = cautions.of(cell(robust_aa=10.0, masking=63.0, robust_pgd=73.0), STUDY)
    assert line.startswith("what gradient ascent leaves of it is no robustness") and "63" in line and "above 5" in line


@pytest.mark.parametrize("means", [{"masking": 4.9}, {"masking": -3.0}, {"robust_aa": 99.0}, {}])
def test_below_it_or_without_a_value_it_is_not(means):
    assert not list(cautions.of(cell(**means), STUDY))
