"""Pixels that must be freed: counted one by one for a linear classifier, none for fragile ones, and the clamp."""

import pytest
import torch

from pipeline.methods.sparsity.sparsity_linf import SparsityLinf
from tests.kit.linear import INPUTS, SLOPES, at_margin, classify

SETTINGS = {"directions": 8, "bisections": 5, "steps": 20, "step_size": 0.28, "radius": 0.5}
LABELS = torch.zeros(3, dtype=torch.int64)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_pixels_are_freed_one_by_one_until_it_breaks(share: float) -> None:
    most = 0.5 * float(SLOPES.abs().sum())
    method = SparsityLinf(**SETTINGS)
    views = at_margin(share * most, 3)
    sparse = method.sparsity(classify, views, LABELS, INPUTS, torch.Generator().manual_seed(1))
    directions, orders = method.draw(views.repeat_interleave(8, 0), torch.Generator().manual_seed(1))
    counts = []
    for u, order in zip(directions.flatten(1), orders.flatten(1), strict=True):
        for count in range(13):
            pixels = zip(SLOPES.tolist(), u.tolist(), order.tolist(), strict=True)
            if sum(0.5 * (abs(w) if place < count else w * sign) for w, sign, place in pixels) > share * most:
                break
        counts.append(count)
    assert sparse.tolist() == pytest.approx([sum(counts[8 * n : 8 * n + 8]) / 8 for n in range(3)])


def test_what_any_corner_breaks_needs_no_free_pixel() -> None:
    method = SparsityLinf(**{**SETTINGS, "directions": 1})
    views = at_margin(1e-9, 40)
    labels = torch.zeros(40, dtype=torch.int64)
    sparse = method.sparsity(classify, views, labels, INPUTS, torch.Generator().manual_seed(2))
    directions, _ = method.draw(views, torch.Generator().manual_seed(2))
    assert torch.equal(sparse == 0, directions.flatten(1) @ SLOPES > 0)


def test_free_pixels_stay_in_the_ball_and_others_on_their_corner() -> None:
    method = SparsityLinf(**SETTINGS)
    like = torch.zeros(6, 1, 3, 4, dtype=torch.float64)
    direction, order = method.draw(like, torch.Generator().manual_seed(0))
    width = torch.arange(6.0)
    kept = method.kept(like + 3, direction, order, width)
    assert ((kept == 0.5) | (kept == -0.5)).all()
    assert ((kept != 0.5 * direction).flatten(1).sum(1) <= width).all()
    assert sorted(order[0].flatten().tolist()) == list(range(12))


def test_images_that_are_wrong_or_cannot_be_broken_are_not_breakable() -> None:
    most = 0.5 * float(SLOPES.abs().sum())
    method, draw = SparsityLinf(**SETTINGS), torch.Generator().manual_seed(0)
    for margin, expected in ((-0.1, False), (0.9 * most, True), (1.1 * most, False)):
        assert method.breakable(classify, at_margin(margin, 3), LABELS, INPUTS, draw).tolist() == [expected] * 3
