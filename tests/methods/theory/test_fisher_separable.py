"""Fisher's matrix on separable pairs: the margin, why the matrix vanishes, and what the Hessian does instead."""

import numpy as np
import pytest

from pipeline.methods.theory.fisher_separable import FisherSeparable
from pipeline.ops import newton, separable


def check(**changes: object) -> FisherSeparable:
    return FisherSeparable(
        **{"smallest": 4, "largest": 8, "steps": 3, "pairs": 10, "dimensions": 4, "exact": False, **changes}
    )


def curves(made: FisherSeparable, repetitions: int = 3) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size) for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}


def test_the_margin_is_what_it_is_made_to_be() -> None:
    assert separable.margin(check().draw(5, np.random.default_rng(0))) == pytest.approx(0.2, rel=1e-6)


def test_fishers_matrix_vanishes_against_the_regulariser_as_the_loss_does_and_the_hessian_does_not() -> None:
    rows = check().draw(4, np.random.default_rng(0))
    quotients = []
    for length in (20.0, 60.0):
        point = np.array([length, 0, 0, 0])
        for weigh in (newton.fisher, newton.exact):
            _, gradient, matrix = newton.logistic(rows, weigh)(point)
            quotients.append(np.linalg.norm(np.asarray(matrix), 2) / np.linalg.norm(gradient))
    fisher, exact = quotients[2] / quotients[0], quotients[3] / quotients[1]
    assert fisher == pytest.approx(np.exp(-10), rel=0.05) and exact == pytest.approx(1, rel=0.05)


def test_the_rate_is_linear_and_falls_as_the_squared_margin_and_not_as_the_margin() -> None:
    made = check()
    found = made.summary(made.sizes(), curves(made))
    assert found["log_ratio"].mean() == pytest.approx(0, abs=0.1)
    assert found["log_ratio_plain"].mean() == pytest.approx(0, abs=0.15)
    assert found["log_ratio_start"].mean() > 1, "at large losses the matrix does help"
    assert found["exponent"].mean() == pytest.approx(2, abs=0.3), "an exponent of 1 would be seen"


def test_the_hessian_takes_one_e_fold_a_step_whatever_the_margin() -> None:
    found = curves(check(exact=True), 2)
    assert found["later"] == pytest.approx(np.log(10), rel=0.1)
