"""Certified accuracy: the share of images that are answered rightly, and surely so within a radius."""

from torch import Tensor

LABEL = "Certified (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(certified_radii: Tensor, all_radii: list[float], radius: float) -> dict[str, Tensor]:
    """At each radius that is evaluated (`_0_25`), and without a suffix at the one that matters most."""
    found = {r: 100.0 * ((certified_radii >= r) & (certified_radii > 0)).double() for r in all_radii}
    return {"": found[radius], **{f"{r:g}".replace(".", "_"): values for r, values in found.items()}}
