"""Additive regressions: fitted again and again to drawn noise, in closed form, and without the assumptions."""

import numpy as np
import pytest

from pipeline.methods.theory.additive_shift import AdditiveShift


def check(**changes: object) -> AdditiveShift:
    settings = {"smallest": 8, "largest": 32, "steps": 3, "simple": 2, "examples": 300, "shift": 10.0}
    return AdditiveShift(**{**settings, "shared": 0.0, "cosines": False, **changes})


def summed(made: AdditiveShift, repetitions: int = 10) -> dict[str, np.ndarray]:
    rows = [[made.measure(made.draw(q, np.random.default_rng(r)), q) for q in made.sizes()] for r in range(repetitions)]
    return made.summary(made.sizes(), {name: np.array([[q[name] for q in row] for row in rows]) for name in rows[0][0]})


@pytest.mark.parametrize("changes", [{}, {"shared": 0.8}])
def test_errors_are_those_of_fits_to_drawn_noise(changes: dict[str, float]) -> None:
    made, random = check(examples=60, **changes), np.random.default_rng(0)
    inputs = made.draw(8, np.random.default_rng(1))
    errors = []
    for _ in range(4000):
        estimate = np.linalg.lstsq(inputs, random.normal(size=60), rcond=None)[0]
        errors.append([sum(each**2 for each in part) for part in (estimate[:2], estimate[2:])])
    found = made.measure(inputs, 8)
    assert [found["simple"], found["complex"]] == pytest.approx(np.mean(errors, axis=0), rel=0.06)


@pytest.mark.parametrize("changes", [{}, {"shared": 0.8}])
def test_over_inputs_they_are_in_closed_form(changes: dict[str, float]) -> None:
    made = check(examples=60, **changes)
    found = [made.measure(made.draw(16, np.random.default_rng(r)), 16) for r in range(800)]
    for name, value in made.predicted(16).items():
        assert np.mean([each[name] for each in found]) == pytest.approx(value, rel=0.04)
        assert abs(np.mean([each[name] for each in found]) / (value * 41 / 60) - 1) > 0.2, "n for n - p - q - 1 is seen"


def test_a_shift_costs_what_its_part_does() -> None:
    found, equal = summed(check()), summed(check(simple=32))
    assert found["deviation"].mean() == pytest.approx(0, abs=0.02)
    assert np.exp(found["log_ratio"].mean()) == pytest.approx((10 * 2 + 32) / 34, rel=0.03)
    assert np.exp(found["log_ratio_complex"].mean()) == pytest.approx((2 + 10 * 32) / 34, rel=0.03)
    assert equal["log_ratio"].mean() == pytest.approx(equal["log_ratio_complex"].mean(), abs=0.05)


def test_the_simple_part_hardly_sees_the_other_one_unless_examples_are_few() -> None:
    for changes in ({}, {"cosines": True}):
        assert summed(check(**changes))["exponent"].mean() == pytest.approx(0, abs=0.1)
    assert summed(check(examples=40))["exponent"].mean() > 0.3
    assert summed(check())["exponent_complex"].mean() == pytest.approx(1, abs=0.1)
