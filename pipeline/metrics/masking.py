"""How much of what projected gradient ascent leaves standing a stronger attack takes: robustness that is not there."""

from torch import Tensor

from pipeline.ops.robustness import robust_top1

LABEL = "Masking (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = "lower"
CAUTION = (5.0, "what gradient ascent leaves of it is no robustness: stronger attacks take much of it")


def compute(
    pgd_predictions: dict[float, Tensor],
    aa_predictions: dict[float, Tensor],
    predictions: Tensor,
    labels: Tensor,
    radius: float,
) -> Tensor:
    """(N,) accuracy under gradient ascent less that under the ensemble of attacks, at the radius that matters most."""
    by_pgd, by_all = (
        robust_top1(predictions, attacked, labels, radius)[""] for attacked in (pgd_predictions, aa_predictions)
    )
    return by_pgd - by_all
