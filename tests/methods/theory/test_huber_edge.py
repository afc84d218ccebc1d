"""Oscillation on Huber's function: by loops, in closed form, with small steps, and beside a product of parameters."""

import numpy as np
import pytest

from pipeline.methods.theory.huber_edge import HuberEdge, _huber, _product

DRAWN = np.random.default_rng(0).uniform(size=(2, 50))


def check(**changes: object) -> HuberEdge:
    settings = {"smallest": 3, "largest": 30, "steps": 4, "starts": 100, "iterations": 500, "product": False}
    return HuberEdge(**{**settings, **changes})


@pytest.mark.parametrize("iterations", [2, 50])
def test_sharpness_and_loss_are_those_of_a_loop(iterations: int) -> None:
    """After two steps some starts are still on the smooth part."""
    size, sharp, losses = 5, [], []
    for start in DRAWN[0]:
        x = 4 * float(start) - 2
        for step in range(iterations + 2):
            inside = abs(x) < 1 / size
            if step >= iterations:
                sharp.append(size / 2 if inside else 0.0)
                losses.append(x * x * size / 2 if inside else abs(x) - 1 / size / 2)
            x -= x * size if inside else float(np.sign(x))
    found = _huber(DRAWN, size, iterations)
    assert found["edge"] == pytest.approx(np.mean(sharp)) and (found["edge"] > 0) == (iterations == 2)
    assert found["loss"] == pytest.approx(np.mean(losses))


def test_the_loss_in_closed_form_and_no_edge() -> None:
    for size in check().sizes():
        found = check().measure(DRAWN, size)
        assert found["loss"] == pytest.approx((1 - 1 / size) / 2, rel=1e-9)
        assert abs(found["loss"] / 0.5 - 1) > 0.02, "the loss of |x| itself would be seen"
        assert found["edge"] == 0


def test_small_steps_converge_below_the_edge() -> None:
    """eta / kappa below 2: the sharpness is that of the minimum."""
    found = _huber(DRAWN, 1, 500)
    assert found["edge"] == pytest.approx(0.5) and found["loss"] == pytest.approx(0, abs=1e-12)


def test_a_product_settles_near_the_edge_and_from_below_it_stays() -> None:
    assert _product(DRAWN, 0.2, 500)["edge"] == pytest.approx(1, abs=0.1)
    u, v = 6**0.5, 1.01 / 6**0.5
    for _ in range(500):
        error = u * v - 1
        u, v = u - 0.2 * error * v, v - 0.2 * error * u
    assert 0.1 * (u * u + v * v) == pytest.approx(0.1 * (6 + 1 / 6), abs=0.01), "flat valleys are not drawn to the edge"
