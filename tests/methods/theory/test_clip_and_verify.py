"""Branch and bound with clipping: against a grid of points, without constraints, and with wrong ones."""

import numpy as np
import pytest

from pipeline.methods.theory.clip_and_verify import ClipAndVerify
from pipeline.ops.branch_and_bound import search
from pipeline.ops.crown import outputs


def measured(seed: int, size: int, **changes: object) -> dict[str, float]:
    check = ClipAndVerify(**changes)
    return check.measure(check.draw(size, np.random.default_rng(seed)), size)


@pytest.mark.parametrize("seed", range(6))
def test_verdicts_in_two_dimensions_are_those_of_a_grid(seed: int) -> None:
    sample = ClipAndVerify().draw(2, np.random.default_rng(seed))
    axes = [np.linspace(middle - sample["radius"], middle + sample["radius"], 301) for middle in sample["centre"]]
    points = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    wrong = (outputs(sample["layers"], points) @ sample["compared"].T < 0).all(1).any()
    for clipping in ("", "relaxed", "complete"):
        found = search(**sample, clipping=clipping, limit=4000, unsound=False, levels=0)
        assert found.verdict == ("falsified" if wrong else "verified")


def test_a_sum_over_seeds_is_smaller_with_each_clipping() -> None:
    found = [measured(seed, 4) for seed in range(5)]
    plain, relaxed, complete = (
        sum(each[f"subproblems{name}"] for each in found) for name in ("", "_relaxed", "_complete")
    )
    assert complete < relaxed < plain
    assert not any(each["lost"] or each["other_verdict"] for each in found)


def test_wrong_constraints_lose_counterexamples_that_right_ones_keep() -> None:
    for seed in range(3):
        assert measured(seed, 2, beyond=0.6)["lost"] == 0
        assert measured(seed, 2, beyond=0.6, unsound=True)["lost"] == 1


def test_without_time_there_is_no_verdict() -> None:
    found = measured(1, 6, limit=2)
    assert found["undecided"] == 1 and found["subproblems"] == 2
