"""How much more a mixture of two classifiers leans on the robust one where images are attacked."""

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.errors import Absent
from pipeline.ops.attacks import PGD, Ascent, Classify
from pipeline.ops.balls import Linf

LABEL = "Shift of share (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = None
EXAMPLES, STEPS, STEP = 500, 10, 0.25
"""The first test images, steps of the attack on the mixture, and their size as a share of the radius."""


def compute(
    robust_share: Callable[[Tensor], Tensor] | None,
    classify: Classify,
    test_views: Tensor,
    labels: Tensor,
    inputs: Inputs,
    radius: float,
) -> Tensor:
    """(n,) shares in per cent, of each image under projected gradient ascent less of the same as it is."""
    if robust_share is None:
        raise Absent("it mixes no classifiers")
    attack, draws = Ascent(PGD(Linf(radius), STEPS, STEP * radius)), torch.Generator().manual_seed(0)
    views = test_views[:EXAMPLES]
    moved = attack(classify, views, labels[:EXAMPLES], inputs, draws)
    with torch.no_grad():
        shift = robust_share(moved) - robust_share(views)
    return 100 * shift.squeeze(1).double()
