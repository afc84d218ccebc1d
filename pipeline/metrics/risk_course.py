"""How far above its minimum the risk of training is after each tenth of the epochs: by suffix, per cent of training."""

from pipeline.ops.resampling import Array
from pipeline.ops.spectral_risk import gaps

LABEL = "Gap while training (log10)"
UNIT = "log10"
BOUNDS = (-12.0, 3.0)
DIRECTION = "lower"
SHARES = ("10", "20", "30", "40", "50", "60", "70", "80", "90", "100")


def compute(risk_course: Array, least_risk: float) -> dict[str, float]:
    """Of the risk before training and after each epoch."""
    found, last = gaps(risk_course, least_risk), len(risk_course) - 1
    return {"": float(found[-1])} | {share: float(found[round(last * int(share) / 100)]) for share in SHARES}
