"""The minimum itself, as a method."""

import numpy as np

from pipeline.methods.risk.exact import Exact
from pipeline.ops.spectral_risk import with_shift_cost
from tests.kit import risk as kit


def test_it_is_where_the_gradient_is_nought():
    method = kit.made(Exact, kit.RISK)
    _, gradient = with_shift_cost(kit.problem(method), 0.7)(kit.weights(method))
    assert np.abs(gradient).max() < 1e-7


def test_its_course_is_the_start_and_then_the_minimum():
    method = kit.made(Exact, kit.RISK)
    course = method.get_buffer("course").numpy()
    assert course[0] > course[1]
    np.testing.assert_allclose(course[1:], kit.problem(method).value(kit.weights(method)))
