"""How far above its minimum the risk of training is at the end, in powers of ten of how far it was at the start."""

from pipeline.ops.resampling import Array
from pipeline.ops.spectral_risk import gaps

LABEL = "Gap to the minimum (log10)"
UNIT = "log10"
BOUNDS = (-12.0, 3.0)
DIRECTION = "lower"


def compute(risk_course: Array, least_risk: float) -> float:
    """Of the risk before training and after each epoch."""
    return float(gaps(risk_course, least_risk)[-1])
