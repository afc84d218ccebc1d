"""The sign of a kernel's gradient flow: by small steps and loops, its function, and labels that are all fitted."""

import numpy as np
import pytest

from pipeline.methods.theory.kernel_classifier import KernelClassifier
from pipeline.ops.cosine_kernel import Cosines


def check(**changes: object) -> KernelClassifier:
    defaults = {"smallest": 50, "largest": 400, "steps": 4, "smoothness": 1.0, "assumed": 1.0}
    return KernelClassifier(**{**defaults, **changes})


def small() -> KernelClassifier:
    made = check()
    made.cosines = Cosines(64)
    return made


def test_the_risk_is_that_of_small_steps_down_the_gradient() -> None:
    """f <- f - eta / n sum (f(x_i) - y_i) k(x_i, .), for t / eta steps, at every cell."""
    made, n = small(), 6
    truth, x, y = made.draw(n, np.random.default_rng(0))
    cells = np.arange(64)
    kernel, risks = made.cosines.kernel(made.cosines.j**-2.0)(cells, x), []
    for labels in y:
        fitted, steps = np.zeros(64), 4_000
        for _ in range(steps):
            fitted -= made.time(n) / steps / n * kernel @ (fitted[x] - labels)
        risks.append(sum(abs(f) for f, g in zip(truth, fitted, strict=True) if f * g < 0) / 64)
    assert made.measure((truth, x, y), n)["risk"] == pytest.approx(np.mean(risks), abs=1e-3)


@pytest.mark.parametrize("smoothness", [0.6, 1.0])
def test_the_function_is_a_probability_on_the_border_of_its_space(smoothness: float) -> None:
    made = check(smoothness=smoothness)
    truth = made.draw(1, np.random.default_rng(0))[0]
    assert np.abs(truth).max() == 1
    scaled = made.cosines.coefficients(truth) * made.cosines.j ** (smoothness + 0.5)
    assert np.abs(scaled) == pytest.approx(np.abs(scaled[0]))


def test_labels_have_the_stated_mean() -> None:
    made, sums = small(), 0.0
    for seed in range(200):
        truth, x, y = made.draw(50, np.random.default_rng(seed))
        sums += np.mean((y - truth[x]) * truth[x])
    assert sums / 200 == pytest.approx(0, abs=0.01)


def test_fitting_every_label_leaves_a_risk_that_examples_hardly_lower_and_stopping_does_not() -> None:
    exponents = []
    for assumed in (0.01, 1.0):
        made = check(assumed=assumed, smallest=50, largest=200)
        risks = [
            [made.measure(made.draw(size, np.random.default_rng(seed)), size)["risk"] for size in (50, 200)]
            for seed in range(6)
        ]
        exponents.append(made.summary([50, 200], {"risk": np.array(risks)})["exponent"].mean())
    assert exponents[0] > -0.1 and exponents[1] < -1 / 3


def test_the_time_grows_by_the_stated_power() -> None:
    made = check(assumed=0.6)
    assert np.log(made.time(1000) / made.time(10)) / np.log(100) == pytest.approx(2 / (2 * 0.6 + 1))
