"""Cones that hold a perturbation: the closed form of a linear classifier, limits, and who has no sparsity."""

import math

import pytest
import torch

from pipeline.methods.sparsity.sparsity_l2 import SparsityL2
from tests.kit.linear import INPUTS, SLOPES, at_margin, classify

SETTINGS = {"directions": 8, "bisections": 12, "steps": 40, "step_size": 0.28, "radius": 0.5}
LABELS = torch.zeros(3, dtype=torch.int64)


def found(margin: float, **settings: object) -> tuple[SparsityL2, torch.Tensor]:
    method = SparsityL2(**{**SETTINGS, **settings})
    return method, method.sparsity(classify, at_margin(margin, 3), LABELS, INPUTS, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_angle_to_the_half_space(share: float) -> None:
    """max(0, angle(u, w) - arccos(m / r)) for the margin m along the unit vector w, direction by direction."""
    length = float(SLOPES.norm())
    method, sparse = found(share * 0.5 * length)
    rows = at_margin(0.1, 3).repeat_interleave(8, 0)
    directions, _ = method.draw(rows, torch.Generator().manual_seed(1))
    want = []
    for u in directions.flatten(1):
        cosine = sum(float(a * b) for a, b in zip(u, SLOPES, strict=True)) / length
        want.append(max(0.0, math.acos(cosine) - math.acos(share)))
    means = [sum(want[8 * n : 8 * n + 8]) / 8 for n in range(3)]
    assert sparse.tolist() == pytest.approx(means, abs=0.01)


def test_the_smaller_the_margin_the_smaller_the_cone() -> None:
    near, far = (found(share * 0.5 * float(SLOPES.norm()))[1] for share in (0.2, 0.8))
    assert (near < far).all()


def test_few_steps_find_less_than_many() -> None:
    margin = 0.6 * 0.5 * float(SLOPES.norm())
    assert (found(margin, steps=1)[1] > found(margin)[1]).all()


def test_images_that_are_wrong_or_cannot_be_broken_are_not_breakable() -> None:
    length = float(SLOPES.norm())
    method, draw = SparsityL2(**SETTINGS), torch.Generator().manual_seed(0)
    for margin, expected in ((-0.1, False), (0.4 * length, True), (0.6 * length, False)):
        breakable = method.breakable(classify, at_margin(margin, 3), LABELS, INPUTS, draw)
        assert breakable.tolist() == [expected] * 3
