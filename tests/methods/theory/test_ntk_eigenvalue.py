"""The least eigenvalue of tangent kernels: of a kernel by its definition, in its limit, and with a wrong constant."""

import numpy as np
import pytest

from pipeline.methods.theory.ntk_eigenvalue import NtkEigenvalue


def check(**changes: object) -> NtkEigenvalue:
    return NtkEigenvalue(**{"smallest": 256, "largest": 1024, "steps": 3, "examples": 64, "layers": 3, **changes})


def measured(made: NtkEigenvalue, size: int, repetitions: int = 5) -> float:
    samples = [made.draw(size, np.random.default_rng(r)) for r in range(repetitions)]
    return float(np.mean([made.measure(points, size)["eigenvalue"] for points in samples]))


def test_it_is_the_least_quotient_of_the_kernel_by_loops() -> None:
    made = check(examples=6, layers=2)
    x = made.draw(4, np.random.default_rng(0))
    rows = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            lengths = float(np.linalg.norm(x[i]) * np.linalg.norm(x[j]))
            c = min(1.0, max(-1.0, float(x[i] @ x[j]) / lengths))
            angle = np.arccos(c)
            rows[i, j] = lengths * (np.sqrt(1 - c * c) + 2 * c * (np.pi - angle)) / np.pi
    inverse = np.linalg.inv(rows)
    vector = np.ones(6)
    for _ in range(500):
        vector = inverse @ vector / np.linalg.norm(inverse @ vector)
    assert made.measure(x, 4)["eigenvalue"] == pytest.approx(float(vector @ rows @ vector))


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
def test_it_is_at_its_limit_and_no_other(layers: int) -> None:
    made = check(layers=layers)
    limit = made.predicted(1024)["eigenvalue"]
    assert measured(made, 1024) == pytest.approx(limit, rel=0.06)
    assert abs(measured(made, 1024) / (1024 * layers) - 1) > 0.2, "the diagonal alone would be seen"


def test_in_closed_form_for_two_layers() -> None:
    """kappa is 2, 1 / pi and of slope 1 at 1 and at 0: c (pi - arccos c) twice, and the sine, over pi."""
    made = check(layers=2, examples=1)
    assert made.predicted(10**8)["eigenvalue"] / 10**8 == pytest.approx(2 - 1 / np.pi, abs=1e-3)


def test_in_few_dimensions_it_is_almost_zero() -> None:
    made = check(smallest=2, largest=4, steps=2)
    found = [[made.measure(made.draw(d, np.random.default_rng(r)), d)["eigenvalue"] for d in (2, 4)] for r in range(5)]
    assert made.summary([2, 4], {"eigenvalue": np.array(found)})["level"].mean() < 0.05
