"""Units that are powers of sums: losses by loops, gradients by differences, and margins."""

import math

import numpy as np
import pytest

from pipeline.ops.monomial_networks import MonomialNetwork


def network(**changes: object) -> MonomialNetwork:
    inputs = np.random.default_rng(0).normal(size=(6, 3))
    plain = {"inputs": inputs, "labels": np.array([0, 1, 0, 1, 1, 0]), "classes": 2, "units": 4, "degree": 3}
    return MonomialNetwork(**{**plain, "decay": 0.1, "power": 4, **changes})


@pytest.mark.parametrize(("degree", "power", "rectified"), [(2, 3, False), (3, 4, False), (2, 2, True)])
def test_the_loss_is_that_of_loops_and_its_gradient_that_of_differences(
    degree: int, power: int, rectified: bool
) -> None:
    made = network(degree=degree, power=power, rectified=rectified)
    flat = made.started(np.random.default_rng(1), 0.5)
    u, w = made.split(flat)
    total = 0.1 * sum(math.hypot(*u[:, i], *w[:, i]) ** power for i in range(4))
    for x, label in zip(made.inputs, made.labels, strict=True):
        sums = [float(u[:, i] @ x) for i in range(4)]
        hidden = [max(each, 0) if rectified else each**degree for each in sums]
        outputs = [sum(hidden[i] * w[k, i] for i in range(4)) for k in range(2)]
        total += (math.log(sum(map(math.exp, outputs))) - outputs[label]) / 6
    value, gradient = made.loss(flat)
    assert value == pytest.approx(total, rel=1e-12)
    direction = np.random.default_rng(2).normal(size=len(flat))
    rise = (made.loss(flat + 1e-6 * direction)[0] - made.loss(flat - 1e-6 * direction)[0]) / 2e-6
    assert gradient @ direction == pytest.approx(rise, rel=1e-5)


def test_a_margin_does_not_change_with_the_scale_of_weights_and_small_units_do_not_count() -> None:
    made = network()
    flat = made.started(np.random.default_rng(1), 0.5)
    assert made.margin(3 * flat) == pytest.approx(made.margin(flat), rel=1e-12)
    smaller = flat.reshape(-1, 4) * np.array([1, 1, 1, 0.01])
    assert made.counting(smaller.ravel()).tolist() == [True, True, True, False]
