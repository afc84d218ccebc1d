"""How strongly the loss of a batch is curved along the way that a step goes, averaged over training."""

from collections.abc import Sequence
from typing import Any

from pipeline.errors import Absent

LABEL = "Directional sharpness"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"

KINDS = {"": "", "gradient": "_gradient", "clipped": "_clipped", "random": "_random"}


def compute(history: Sequence[dict[str, Any]]) -> dict[str, float]:
    """v^T H v for unit v, at the last step of every third epoch: of the step taken, and of others on its way.

    `gradient`: of the gradient itself; `clipped`: of the gradient with its largest tenth of coordinates cut down to one
    size; `random`: with a random tenth of them cut down to that size.
    """
    rows = [row for row in history if "directional_sharpness" in row]
    if not rows:
        raise Absent("its steps are not observed")
    return {
        kind: sum(row[f"directional_sharpness{ending}"] for row in rows) / len(rows) for kind, ending in KINDS.items()
    }
