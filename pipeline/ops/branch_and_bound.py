"""Input-split branch and bound of small ReLU networks with CROWN, plain or with boxes and bounds clipped."""

from typing import NamedTuple

import numpy as np

from pipeline.ops.crown import Array, Boxes, Layer, Linear, crown, least, outputs
from pipeline.ops.domain_clipping import clipped, constrained_least


class Found(NamedTuple):
    verdict: str
    """"verified", "falsified", or "" where the limit came first."""
    subproblems: int
    lost: int
    """Of sampled counterexamples, how many were cut away or verified."""


def search(
    layers: list[Layer],
    centre: Array,
    radius: float,
    compared: Array,
    points: Array,
    clipping: str,
    limit: int,
    unsound: bool,
    levels: int,
) -> Found:
    """Branch and bound of "compared (M, K) times the outputs is negative in all rows nowhere", level by level.

    clipping: "", "relaxed" or "complete". With `levels` the search goes so deep, counterexample or not, and looks after
    points (P, D), which are counterexamples.
    """
    boxes, known, seen = around(centre, radius), None, 0
    alive = np.ones(len(points), bool)
    for _ in range(levels or limit):
        if not len(boxes.low):
            return Found("verified", seen, int((~alive).sum()))
        if not levels and seen + len(boxes.low) > limit:
            return Found("", limit, 0)
        below, above = bounds(layers, boxes, compared, known if clipping == "complete" else None)
        wrong = [false(layers, each, compared) for each in (boxes.centre, corners(boxes, below))]
        if not levels and np.any(wrong):
            return Found("falsified", seen + 1 + int(np.any(wrong, axis=0).argmax()), 0)
        seen += len(boxes.low)
        left = np.all(least(below, boxes) <= 0, axis=1)
        below, boxes = chosen_of(above if unsound else below, left), Boxes(boxes.low[left], boxes.high[left])
        if clipping:
            boxes, below = cut(boxes, below)
        boxes, known = halves(boxes, below)
        if clipping:
            boxes, known = cut(boxes, known)
        if levels:
            alive &= inside(points, boxes)
    return Found("", seen, int((~alive).sum()))


def raised(layers: list[Layer], centre: Array, radius: float, compared: Array, unsound: bool) -> dict[str, float]:
    """How far either clipping of the first box raises the bound that decides, all above 0 counting alike."""
    root = around(centre, radius)
    below, above = bounds(layers, root, compared, None)
    smaller, known = cut(root, above if unsound else below)
    before = min(float(least(below, root).max()), 0.0)
    if not len(smaller.low):
        return dict.fromkeys(("relaxed", "complete"), -before)
    after = {
        "relaxed": least(bounds(layers, smaller, compared, None)[0], smaller),
        "complete": least(bounds(layers, smaller, compared, known)[0], smaller),
    }
    return {name: min(float(values.max()), 0.0) - before for name, values in after.items()}


def around(centre: Array, radius: float) -> Boxes:
    return Boxes(centre[None] - radius, centre[None] + radius)


def verified_radius(layers: list[Layer], centre: Array, compared: Array) -> float:
    """The largest of a box that CROWN alone verifies, to within 1%."""
    low, high = 0.0, 4.0
    while high - low > 0.01 * high and high > 1e-6:
        middle = (low + high) / 2
        box = around(centre, middle)
        verified = (least(bounds(layers, box, compared, None)[0], box) > 0).any()
        low, high = (middle, high) if verified else (low, middle)
    return high


def counterexample_radius(layers: list[Layer], centre: Array, compared: Array, radius: float) -> float:
    """In steps of 5% from a radius on, the first of a box with a counterexample in the corner that CROWN points to."""
    for _ in range(60):
        radius *= 1.05
        box = around(centre, radius)
        if false(layers, corners(box, bounds(layers, box, compared, None)[0]), compared)[0]:
            break
    return radius


def corners(boxes: Boxes, below: Linear) -> Array:
    """(N, D): where the bounds are least in sum."""
    return np.where(below.slopes.sum(1) > 0, boxes.low, boxes.high)


def false(layers: list[Layer], points: Array, compared: Array) -> Array:
    """(N,) bool: which are counterexamples."""
    found: Array = (outputs(layers, points) @ compared.T < 0).all(1)
    return found


def bounds(layers: list[Layer], boxes: Boxes, compared: Array, known: Linear | None) -> tuple[Linear, Linear]:
    """CROWN's, with hidden units bounded where constraints hold, if any are known."""
    if known is None:
        return crown(layers, boxes, compared)
    return crown(layers, boxes, compared, lambda functions, within: constrained_least(functions, within, known))


def cut(boxes: Boxes, constraints: Linear) -> tuple[Boxes, Linear]:
    """Clipped boxes and their constraints, without those that are empty."""
    boxes = clipped(boxes, constraints)
    left = np.all(boxes.low <= boxes.high, axis=1)
    return Boxes(boxes.low[left], boxes.high[left]), chosen_of(constraints, left)


def halves(boxes: Boxes, constraints: Linear) -> tuple[Boxes, Linear]:
    """All lower halves, then all upper ones, each with the constraints of the whole."""
    low, high, rows = boxes.low, boxes.high, np.arange(len(boxes.low))
    split = (np.abs(constraints.slopes).max(1) * boxes.half).argmax(1)
    middle = boxes.centre[rows, split]
    low, high = np.concatenate([low, low]), np.concatenate([high, high])
    high[rows, split] = low[len(rows) + rows, split] = middle
    return Boxes(low, high), Linear(*(np.concatenate([each, each]) for each in constraints))


def chosen_of(functions: Linear, chosen: Array) -> Linear:
    return Linear(functions.slopes[chosen], functions.offsets[chosen])


def inside(points: Array, boxes: Boxes) -> Array:
    """(P,) bool: in one of the boxes."""
    after, before = points[:, None] >= boxes.low - 1e-9, points[:, None] <= boxes.high + 1e-9
    found: Array = np.any(np.all(after & before, axis=2), axis=1)
    return found
