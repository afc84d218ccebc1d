"""Where an error comes down to a level: for powers in closed form, and by trying every number."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.ops import sample_sizes


@pytest.mark.parametrize(("power", "level"), [(0.5, 0.1), (1.0, 0.02), (2.0, 0.001)])
def test_a_power_crosses_where_it_does_on_any_grid(power: float, level: float) -> None:
    for counts in ([4, 4000], sample_sizes.grid(4, 4000, 1.3)):
        found = sample_sizes.needed(lambda m: m**-power, counts, level)
        assert found == pytest.approx(level ** (-1 / power))


def test_it_lies_where_trying_every_number_finds_it() -> None:
    counts = sample_sizes.grid(4, 200, 1.2)
    found = sample_sizes.needed(lambda m: np.exp(-m / 30), counts, 0.2)
    first = next(m for m in range(1, 200) if np.exp(-m / 30) <= 0.2)
    assert first - 1 <= found * 1.02 and found <= first * 1.02


def test_ends_of_the_grid_stand_for_what_lies_beyond() -> None:
    assert sample_sizes.needed(lambda m: 0.0, [4, 8, 16], 0.1) == 4
    assert sample_sizes.needed(lambda m: 1.0, [4, 8, 16], 0.1) == 16


def test_a_grid_is_even_and_grows() -> None:
    found = sample_sizes.grid(4, 100, 1.25)
    assert found[0] == 4 and found[-1] == 100
    assert all(a < b and a % 2 == 0 for a, b in pairwise(found))
