"""How far the loss of a single step rises above the mean of the epoch before."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pipeline.errors import Absent

LABEL = "Highest spike of the loss (nats)"
UNIT = "nats"
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The greatest over training, first steps of epochs left out.

    `rms`: of the epoch in which it is, how far squared gradients exceeded the second moment of a tensor at most.
    `lag`: from the step at which they did to that of the highest loss.
    """
    rises = [
        (now["loss_worst"] - before["loss"], now["spike_lag"], now["rms_worst"])
        for before, now in pairwise(history)
        if "loss_worst" in now and before["loss"] is not None
    ]
    if not rises:
        raise Absent("its steps are not observed")
    highest, lag, rms = max(rises)
    known = Absent("it has no second moment")
    return {"": highest, "lag": lag if rms else known, "rms": rms if rms else known}
