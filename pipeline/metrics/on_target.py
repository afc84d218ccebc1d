"""Share of the kept training examples that are of the domains tested; and of those, of the domain with the fewest."""

import torch
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Kept on target (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(kept_domains: Tensor, target_domains: list[int]) -> dict[str, float]:
    """Of the domains (C,) of what is kept, and those tested. "fewest" is 100 where these are kept equally often."""
    if not len(kept_domains):
        raise Absent("no training example was chosen")
    counts = torch.stack([(kept_domains == domain).sum() for domain in target_domains]).double()
    fewest = 100.0 * float(counts.min() / counts.mean().clamp_min(1.0))
    return {"": 100.0 * float(counts.sum()) / len(kept_domains), "fewest": fewest}
