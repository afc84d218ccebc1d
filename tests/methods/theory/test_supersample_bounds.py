"""Supersample bounds: by loops, derived over all error rates, and with assumptions removed or constants wrong."""

import itertools
import math

import numpy as np
import pytest

from pipeline.methods.theory.supersample_bounds import SupersampleBounds, fast_rate
from pipeline.ops.information import mutual_information

RATES = [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]


def check(**changes: object) -> SupersampleBounds:
    return SupersampleBounds(**{"pairs": 10, "supersamples": 100, "neighbours": 1, "peeks": False, **changes})


def test_losses_by_loops() -> None:
    for made in (check(supersamples=3), check(supersamples=3, neighbours=5)):
        sample = made.draw(1, np.random.default_rng(0))
        points, labels, coins = sample["points"], sample["labels"], sample["coins"]
        found = made._losses(**sample)
        for s, pair, half in itertools.product(range(3), range(10), range(3)):
            known = sorted(
                (math.dist(points[s, pair, half], points[s, i, u]), labels[s, i, u]) for i, u in enumerate(coins[s])
            )
            votes = [label for _, label in known[: made.neighbours]]
            assert found[s, pair, half] == ((sum(votes) > len(votes) / 2) != labels[s, pair, half])


def test_no_supersample_is_needed_for_the_identity_where_both_halves_err_alike() -> None:
    """dL is 1 or 0 with coin 0, and -1 or 0 with coin 1: entropies by hand."""
    for risk in RATES[1:]:
        table = np.array([[0, risk], [1 - risk, 1 - risk], [risk, 0]]) / 2
        assert mutual_information(table) == pytest.approx(risk * math.log(2))


def test_all_coins_of_one_supersample_hold_the_bound_exactly() -> None:
    """No estimate: each of the 2^6 draws of coins once, so that information and gap are those of the supersample."""
    made = check(pairs=6, supersamples=1, neighbours=3)
    for seed in range(10):
        sample = made.draw(1, np.random.default_rng(seed))
        tables, gaps = np.zeros((6, 3, 2)), []
        for coins in itertools.product([0, 1], repeat=6):
            losses = made._losses(sample["points"], sample["labels"], np.array([coins]))[0]
            gaps.append(np.mean([losses[i, 1 - u] - losses[i, u] for i, u in enumerate(coins)]))
            for i, u in enumerate(coins):
                tables[i, losses[i, 1] - losses[i, 0] + 1, u] += 1
        assert abs(np.mean(gaps)) <= np.sqrt(2 * np.maximum(mutual_information(tables), 0)).mean() + 1e-12


def single(error: float, risk: float) -> float:
    """I(L; U) where L is 1 with probability `error` if trained on, else `risk`."""
    return float(mutual_information(np.array([[1 - error, 1 - risk], [error, risk]])))


def test_the_fast_rate_holds_at_all_error_rates_and_no_smaller_constant_would() -> None:
    seen = []
    for error, risk in itertools.product(RATES, RATES):
        if risk > error:
            information = single(error, risk)
            assert risk - error <= fast_rate(error, information) + 1e-9
            seen.append(risk - error <= fast_rate(error, 0.7 * information))
    assert not all(seen), "a constant of 0.7 would be seen"
    assert fast_rate(0.0, 0.05) == pytest.approx(2 * 0.05 / math.log(2)), "without training errors"


def test_the_fast_rate_derived_from_the_variational_formula() -> None:
    """With C1, C2 of the constraint exp(2 C2 s L), s = 1 for the half that is not trained on and else -(1 + C1), has a
    mean of at most 1 when coin and loss are apart; so 2 C2 E[s L], with E[s L] half the risk less 1 + C1 times the
    error, is at most I."""
    for rate in (0.05, 0.2, 0.34):
        weight = -math.log(2 - math.exp(2 * rate)) / (2 * rate) - 1
        assert math.exp(2 * rate) + math.exp(-2 * rate * (weight + 1)) == pytest.approx(2)
        for error, risk in itertools.product(RATES, RATES):
            assert rate * (risk - (1 + weight) * error) <= single(error, risk) + 1e-12


def test_the_identity_holds_without_training_errors_alone() -> None:
    random = np.random.default_rng
    interpolating = [check(supersamples=500).measure(check(supersamples=500).draw(1, random(s)), 1) for s in range(12)]
    assert np.mean([each["deviation"] for each in interpolating]) == pytest.approx(0, abs=0.05)
    five = check(neighbours=5)
    assert five.measure(five.draw(1, random(0)), 1)["deviation"] < -0.5
    peeking = check(peeks=True)
    found = peeking.measure(peeking.draw(1, random(0)), 1)
    assert found["deviation"] == pytest.approx(-1)
    assert found["gap"] < -0.1 and found["gap_fast"] < -0.1


def test_classes_told_apart_the_other_way_are_as_hard() -> None:
    sample = check().draw(1, np.random.default_rng(3))
    flipped = {**sample, "labels": 1 - sample["labels"]}
    assert check().measure(sample, 1) == check().measure(flipped, 1)
