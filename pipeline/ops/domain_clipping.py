"""Boxes cut by linear constraints a.x + c <= 0, and bounds over what the constraints leave of a box."""

import numpy as np

from pipeline.ops.crown import Array, Boxes, Linear, least


def clipped(boxes: Boxes, constraints: Linear) -> Boxes:
    """Each box shrunk around where its constraints (N, M, D) hold; empty, with low above high, where one cannot.

    Coordinate j of a constraint, with the others where they help it most, says a_j x_j <= -rest_j. All coordinates and
    constraints are solved within the same box.
    """
    slopes = constraints.slopes
    rest = least(constraints, boxes)[..., None] - np.minimum(slopes * boxes.low[:, None], slopes * boxes.high[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = -rest / slopes
    high = np.where(slopes > 0, ends, np.inf).min(1)
    low = np.where(slopes < 0, ends, -np.inf).max(1)
    # a constraint without slopes cuts nothing in the above, and all if it cannot hold
    broken = np.any(least(constraints, boxes) > 0, axis=1)[:, None]
    low, high = np.maximum(boxes.low, low), np.minimum(boxes.high, high)
    return Boxes(np.where(broken, np.inf, low), np.where(broken, -np.inf, high))


def constrained_least(functions: Linear, boxes: Boxes, constraints: Linear, rounds: int = 1) -> Array:
    """(N, M) below the least values of a.x + c over box and constraints (N, I, D), and never below that of the box.

    Weak duality: for any b >= 0 it is at least the minimum over the box of a.x + c + sum_i b_i (g_i.x + h_i), which is
    concave and piecewise linear in each b_i. Each in turn goes to its best place, the first breakpoint -v_j / g_ij at
    which the slope in b_i is not positive, v being the slopes without constraint i. Where no place is best, as nothing
    is left of the box, it stays at the last breakpoint.
    """
    shape = (len(boxes.low), *functions.slopes.shape[1:])
    slopes, offsets = np.broadcast_to(functions.slopes, shape), np.broadcast_to(functions.offsets, shape[:2])
    half = boxes.half[:, None]
    multipliers = np.zeros((*shape[:2], constraints.slopes.shape[1]))
    for _ in range(rounds):
        for i in range(constraints.slopes.shape[1]):
            g, h = constraints.slopes[:, i, None], constraints.offsets[:, i, None]
            before = slopes - multipliers[..., i, None] * g
            left = offsets - multipliers[..., i] * h
            multipliers[..., i] = _best(before, g, (g @ boxes.centre[..., None])[..., 0] + h, half)
            slopes, offsets = before + multipliers[..., i, None] * g, left + multipliers[..., i] * h
    return np.maximum(least(Linear(slopes, offsets), boxes), least(functions, boxes))


def _best(v: Array, g: Array, middle: Array, half: Array) -> Array:
    """(N, M) b >= 0 at which b middle - sum_j half_j |v_j + b g_j| is greatest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        places = np.where(g == 0, -np.inf, -v / np.broadcast_to(g, v.shape))
    order = places.argsort(-1)
    places = np.take_along_axis(places, order, -1)
    weights = np.take_along_axis(np.broadcast_to(half * np.abs(g), v.shape), order, -1)
    # the slope beyond each breakpoint; before the first it is the middle plus all weights
    after = (middle + weights.sum(-1))[..., None] - 2 * weights.cumsum(-1)
    first = np.where((after <= 0).any(-1), (after <= 0).argmax(-1), v.shape[-1] - 1)
    return np.maximum(np.take_along_axis(places, first[..., None], -1)[..., 0], 0)
