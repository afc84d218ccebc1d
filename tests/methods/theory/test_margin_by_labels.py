"""Labels near a boundary by their number: as one number of the other check gives, and with a penalty."""

import numpy as np
import pytest
from scipy.optimize import minimize

from pipeline.methods.theory.margin_by_labels import MarginByLabels
from pipeline.methods.theory.margin_vs_passive import MarginVsPassive


def check(**changes: object) -> MarginByLabels:
    return MarginByLabels(**{"dimensions": 30, "pool": 2000, **changes})


def test_at_one_number_it_is_the_other_check() -> None:
    made, other = check(), MarginVsPassive(dimensions=30, budget=20, pool=2000)
    sample = made.draw(20, np.random.default_rng(0))
    found, expected = made.measure(sample, 20), other.measure(other.draw(1, np.random.default_rng(0)), 1)
    assert found == {
        "random": expected["level"],
        "difference_own": expected["gap"],
        "difference_oracle": expected["gap_oracle"],
    }


@pytest.mark.parametrize(("count", "dimensions"), [(40, 6), (6, 40)])
def test_a_penalty_is_that_of_logistic_regression(count: int, dimensions: int) -> None:
    signed = np.random.default_rng(1).normal(size=(count, dimensions)) + 0.3

    def loss(w: np.ndarray) -> float:
        return float(np.mean([np.log1p(np.exp(-z @ w)) for z in signed]) + 0.2 * w @ w / 2)

    expected = minimize(loss, np.zeros(dimensions), options={"gtol": 1e-7}).x
    assert check(penalty=0.2)._fitted(signed) == pytest.approx(expected, abs=1e-4)


def test_without_a_penalty_it_is_the_limit_of_small_ones() -> None:
    signed = np.random.default_rng(2).normal(size=(20, 30))
    signed[:, 0] = np.abs(signed[:, 0]) + 0.5
    widest = check()._fitted(signed)
    fits = [check(penalty=penalty)._fitted(signed) for penalty in (1.0, 1e-3, 1e-6, 1e-9)]
    cosines = [w @ widest / np.linalg.norm(w) / np.linalg.norm(widest) for w in fits]
    assert cosines == sorted(cosines) and cosines[0] < 0.95 < 0.998 < cosines[-1]


def test_few_labels_are_worse_near_the_boundary_and_many_are_not() -> None:
    made = check(smallest=8, largest=400, steps=2)
    rows = [[made.measure(made.draw(s, np.random.default_rng(r)), s) for s in made.sizes()] for r in range(6)]
    curves = {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
    found = made.summary(made.sizes(), curves)
    assert found["gap_oracle_few"].mean() > 0.05 and found["gap_oracle_many"].mean() < 0
    penalised = check(penalty=1.0)
    mild = [penalised.measure(penalised.draw(8, np.random.default_rng(r)), 8)["difference_oracle"] for r in range(6)]
    assert 0 < np.mean(mild) < found["gap_oracle_few"].mean()
