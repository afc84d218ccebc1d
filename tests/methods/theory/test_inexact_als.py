"""Alternating least squares: rows by regressions, errors of the right size, and a matrix observed too little."""

import numpy as np
import pytest

from pipeline.methods.theory.inexact_als import Completion, InexactAls, alternated, solved

SETTINGS = {"smallest": 10, "largest": 10_000, "steps": 4, "rows": 100, "rank": 3, "observed": 0.35, "rounds": 15}


def check(**changes: object) -> InexactAls:
    return InexactAls(**{**SETTINGS, **changes})


def test_rows_by_regressions() -> None:
    made = check().draw(1, np.random.default_rng(0))
    factor = np.random.default_rng(1).normal(size=(100, 3))
    found = solved(made.matrix, made.observed, factor, 0.0, made.random)
    for i in range(100):
        seen = made.observed[i] > 0
        expected = np.linalg.lstsq(factor[seen], made.matrix[i, seen], rcond=None)[0]
        assert found[i] == pytest.approx(expected, abs=1e-9)


def test_errors_are_of_the_stated_size() -> None:
    made = check().draw(1, np.random.default_rng(0))
    factor = np.random.default_rng(1).normal(size=(100, 3))
    exact, inexact = (solved(made.matrix, made.observed, factor, error, made.random) for error in (0.0, 0.01))
    relative = np.linalg.norm(inexact - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert relative == pytest.approx(np.full(100, 0.01))


def test_all_entries_give_the_matrix_at_once_and_errors_leave_themselves() -> None:
    """Then errors of U change its span by 0.01 in each of two directions, and those of V add 0.01."""
    made = check(observed=1.0).draw(1, np.random.default_rng(2))
    assert alternated(made, 3, 1, 0.0)[0] < 1e-9
    assert 0.009 < alternated(made, 3, 4, 0.01)[-1] < 0.02


def test_what_is_left_is_in_proportion_and_another_exponent_would_be_seen() -> None:
    made = check(smallest=100, steps=2)
    found = [made.measure(made.draw(size, np.random.default_rng(3)), size) for size in (100, 10_000)]
    assert np.log(found[1]["left"] / found[0]["left"]) / np.log(100) == pytest.approx(-1, abs=0.05)
    assert found[1]["early"] / found[1]["early_exact"] == pytest.approx(1, abs=0.01)
    assert found[0]["early"] / found[0]["early_exact"] > 1.01, "an error of a hundredth shows after three rounds"


def test_exact_solutions_recover_the_matrix_and_of_few_entries_do_not() -> None:
    for observed, low, high in ((0.35, 0.0, 1e-4), (0.05, 1.0, np.inf)):
        made = check(observed=observed).draw(1, np.random.default_rng(4))
        assert low < alternated(made, 3, 15, 0.0)[-1] < high


def test_one_entry_alone_cannot_be_known() -> None:
    """A matrix that is not incoherent: no method sees its one entry where that is not observed."""
    matrix, observed = np.zeros((60, 60)), np.ones((60, 60))
    matrix[3, 5], observed[3, 5] = 1.0, 0.0
    assert alternated(Completion(matrix, observed, np.random.default_rng(0)), 1, 5, 0.0)[-1] == pytest.approx(1)
