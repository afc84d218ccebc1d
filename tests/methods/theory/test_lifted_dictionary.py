"""Lifted dictionary learning: the least value by a grid, the two parts of the bound, and assumptions removed."""

import numpy as np
import pytest

from pipeline.methods.theory import Check
from pipeline.methods.theory.lifted_dictionary import LiftedDictionary, unconstrained
from pipeline.methods.theory.supervised_dictionary import SupervisedDictionary
from pipeline.ops import dictionary


def check(**changes: object) -> LiftedDictionary:
    return LiftedDictionary(**{"examples": 30, "dimensions": 6, "atoms": 2, "noise": 0.0, "ridge": 1.0, **changes})


def measured(made: Check, repetitions: int = 10) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_with_one_atom_in_the_plane_the_value_is_the_least_over_all_angles() -> None:
    """Of an atom w the best reconstruction is w w^T X, and the classifier is a multiple of w."""
    made = check(dimensions=3, atoms=1)
    problem, starts = made.draw(1, np.random.default_rng(0))
    plane = dictionary.Problem(problem.points[:, :2], problem.labels, problem.xi, problem.ridge)
    path = dictionary.descend(plane, starts[0][:2], 1, 0.5, 300)
    values = []
    for angle in np.linspace(0, np.pi, 361):
        atom = np.array([np.cos(angle), np.sin(angle)])
        along = plane.points @ atom
        weight = dictionary.logistic(dictionary.Problem(along[:, None], plane.labels, plane.xi, plane.ridge))[0]
        values.append(plane.value(np.column_stack([weight * atom / plane.scale, np.outer(atom, along)])))
    assert plane.value(path[-1]) == pytest.approx(min(values), rel=1e-3)


def test_the_parts_of_the_bound() -> None:
    problem, starts = check().draw(1, np.random.default_rng(0))
    least, largest = problem.curvatures
    assert largest / least == pytest.approx(2)
    best, rate = unconstrained(problem), 1.2 / largest
    assert np.linalg.matrix_rank(best, tol=1e-6) == 2 and np.linalg.norm(problem.gradient(best)) < 1e-8
    for z in starts[1:]:
        moved = z - rate * problem.gradient(z)
        assert np.linalg.norm(moved - best) <= 0.4 * np.linalg.norm(z - best)
        assert np.linalg.norm(dictionary.project(moved, 2) - best) <= 2 * np.linalg.norm(moved - best)


def test_the_bound_holds_and_the_minimiser_is_reached() -> None:
    found = measured(check())
    assert not found["violation"].any() and np.abs(found["gap"]).max() < 1e-8


def test_a_faster_rate_would_be_seen_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.methods.theory.lifted_dictionary.CONTRACTION", 0.1)
    assert measured(check())["violation"].mean() > 0.5


def test_without_an_assumption_it_fails() -> None:
    assert measured(check(ridge=0.01))["violation"].mean() > 0.5
    noisy = measured(check(noise=1.0))
    assert noisy["gap_shorter"].mean() > 0.02 and noisy["violation"].all()


def test_supervision_helps_where_what_discriminates_is_weak() -> None:
    given = {"agree": False, "xi": 0.003}
    found = measured(SupervisedDictionary(**given))
    assert found["gap"].min() > 0.1 and found["log_ratio"].min() > 0, "at the cost of reconstruction"
    assert abs(measured(SupervisedDictionary(**{**given, "agree": True}))["gap"].mean()) < 0.02
    assert abs(measured(SupervisedDictionary(**{**given, "xi": 10.0}))["gap"].mean()) < 0.01
