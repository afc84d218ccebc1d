"""How much the training loss rises by a step that is as long, filter by filter, as the network's own weights."""

import math

import torch

from pipeline.errors import Absent
from pipeline.ops.curvature import Surface, filter_direction

LABEL = "Rise along filters"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface, directions: torch.Generator, probes: int) -> dict[str, float | Absent]:
    """The mean of L(w + d) - L(w) over random directions d (`filter_direction`); as `filter_rise_log` its logarithm to
    base 10, for ratios.

    To scale a layer up and the next one down does not change it, and at such a distance it matters little how near to
    nothing the loss has come at w.
    """
    found = sum(surface.rise(filter_direction(surface, directions)) for _ in range(probes)) / probes
    return {"": found, "log": math.log10(found) if found > 0 else Absent("the loss does not rise")}
