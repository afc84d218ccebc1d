"""What a step of training costs: images that pass the network for each training image."""

LABEL = "Passes per image"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(passes: float) -> float:
    """Counted in one step, attack and loss together."""
    return passes
