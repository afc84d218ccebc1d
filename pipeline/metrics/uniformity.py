"""Log mean Gaussian potential of pairs of test features on the unit sphere (Wang and Isola 2020, t = 2)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.geometry import several
from pipeline.ops.probes import ENTRIES

LABEL = "Uniformity"
UNIT = ""
BOUNDS = (None, 0.0)
DIRECTION = "lower"


def compute(features: Tensor, further_features: dict[str, Tensor]) -> dict[str, float]:
    """Of features (N, F), and of the method's further features by name."""
    return {name: uniformity(z) for name, z in {"": features, **further_features}.items()}


@torch.no_grad()
def uniformity(z: Tensor, t: float = 2) -> float:
    """log of the mean of exp(-t |x - y|^2) over distinct pairs of features (N, F) on the unit sphere.

    Raises Absent where there is no pair.
    Lower is more uniform: 0 when all coincide, about -2t for evenly spread features.
    """
    z = F.normalize(several(z, "test example").float())
    total = 0.0
    for part in z.split(max(1, ENTRIES // len(z))):
        total += float((2 * t * (part @ z.T - 1)).exp().sum(dtype=torch.float64))
    # each feature with itself adds exp(0), up to the rounding of its length
    total -= float((2 * t * (z.square().sum(1) - 1)).exp().sum(dtype=torch.float64))
    return float(torch.tensor(total / (len(z) * (len(z) - 1)), dtype=torch.float64).log())
