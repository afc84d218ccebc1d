"""The bias of clipped gradients: simulated, in closed form, and with a wrong constant."""

import numpy as np
import pytest

from pipeline.methods.theory.clipping_bias import ClippingBias, _root


def settings(**changes: object) -> ClippingBias:
    return ClippingBias(**{"smallest": 1, "largest": 100, "steps": 5, "points": 400, "symmetric": False, **changes})


@pytest.mark.parametrize(("p", "threshold"), [(0.02, 1.0), (0.1, 2.0), (0.3, 1.0)])
def test_the_root_is_where_clipped_steps_settle(p: float, threshold: float) -> None:
    """Steps of a thousandth, by loops, with noise that is drawn."""
    random, x, visited = np.random.default_rng(0), 0.0, []
    up, down = ((1 - p) / p) ** 0.5, (p / (1 - p)) ** 0.5
    for step in range(200_000):
        gradient = x + (up if random.random() < p else -down)
        x -= 1e-3 * min(1.0, threshold / abs(gradient)) * gradient
        visited.append(x) if step > 20_000 else None
    assert np.mean(visited) == pytest.approx(_root(p, threshold), abs=0.05)


@pytest.mark.parametrize("threshold", [1.0, 3.0, 30.0])
def test_the_root_in_closed_form(threshold: float) -> None:
    """Only the rarer side is clipped: p c + (1 - p) (x - d) = 0 with d = sqrt(p / (1 - p))."""
    for p in (0.001, 0.01, 0.05):
        u = (p / (1 - p)) ** 0.5
        if (1 - p) / p > (threshold + u) ** 2:
            assert _root(p, threshold) == pytest.approx(u - threshold * u**2, abs=1e-10)


def test_the_largest_bias_is_the_predicted_one_and_no_other() -> None:
    check = settings()
    for size in check.sizes():
        found = check.measure(np.random.default_rng(0), size)["bias"]
        assert found == pytest.approx(check.predicted(size)["bias"], rel=5e-3)
        assert abs(found / (1 / (3 * size)) - 1) > 0.2, "a constant of a third would be seen"


def test_without_the_imbalance_nothing_is_left() -> None:
    check = settings(symmetric=True)
    assert check.measure(np.random.default_rng(0), 3)["bias"] == pytest.approx(0, abs=1e-12)
