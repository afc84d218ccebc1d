"""How much of a Lipschitz bound a network uses: the stretch found at each image, of what is the most possible."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Tightness (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(tightness: Tensor | None) -> Tensor:
    """Of shares (M,) of the certified images."""
    if tightness is None:
        raise Absent("its certificates rest on no Lipschitz constant")
    # a stretch is found in float32, whose rounding may pass a bound that is met
    return 100.0 * tightness.double().clamp_max(1.0)
