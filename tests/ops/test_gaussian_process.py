"""The law of the error of functions that fit: by rejection from the prior, and for distant inputs."""

import numpy as np
import pytest

from pipeline.ops.gaussian_process import error_of_fit


def test_functions_that_nearly_fit_have_these_errors() -> None:
    random = np.random.default_rng(0)
    inputs, values = np.array([[0.0], [0.7], [1.5]]), np.array([0.3, 0.5, -0.2])
    covariance = [[np.exp(-((a - b) ** 2) / 2) for b in inputs[:, 0]] for a in inputs[:, 0]]
    functions = random.multivariate_normal(np.zeros(3), covariance, 400_000)
    fitting = functions[abs(functions[:, 0] - 0.3) < 0.02]
    errors = ((fitting[:, 1:] - values[1:]) ** 2).mean(1)
    law = error_of_fit(inputs, values, 1)
    for chance in (0.1, 0.3, 0.8):
        assert np.exp(law.log_chance(float(np.quantile(errors, chance)))) == pytest.approx(chance, abs=0.03)


def test_distant_inputs_have_independent_values() -> None:
    values = np.array([0.0, 0.5, -1.0])
    law = error_of_fit(np.array([[0.0], [100.0], [200.0]]), values, 1)
    assert law.weights == pytest.approx([0.5, 0.5])
    assert sorted(law.shifts) == pytest.approx([0.25, 1.0])
