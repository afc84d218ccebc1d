"""How closely flatness goes with accuracy on the unseen domain, from the base's weights to those at the end."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.ranks import spearman
from pipeline.ops.weight_lines import Along

LABEL = "Flatness and unseen accuracy, rank correlation"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = "higher"


def compute(along: Along | None) -> dict[str, float]:
    """Rank correlations of flatness (sharpness with its sign turned) with accuracy over the points of the line: of all
    weights together, of the straggler layer's (`_straggler`) and of the mean over the other layers (`_others`)."""
    if along is None:
        raise Absent("the line from the base is not measured here")

    def tracks(sharpness: Tensor) -> float:
        return spearman(-sharpness, along.accuracy["unseen"])

    others = [tracks(layer) for number, layer in enumerate(along.layers) if number != along.straggler]
    return {
        "": tracks(along.sharpness),
        "straggler": tracks(along.layers[along.straggler]),
        "others": sum(others) / len(others),
    }
