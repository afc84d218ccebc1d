"""The trace of the Hessian of the training loss: its curvature summed over all directions."""

import torch

from pipeline.ops.curvature import Surface, signs

LABEL = "Trace of the Hessian"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface, directions: torch.Generator, probes: int) -> dict[str, float]:
    """The mean of z^T H z over random signs z (Hutchinson 1989), and as `hessian_trace_error` its standard error."""
    times = surface.hessian()
    found = torch.stack([z @ times(z) for z in signs(probes, surface.point, directions)]).double()
    return {"": float(found.mean()), "error": float(found.std() / probes**0.5)}
