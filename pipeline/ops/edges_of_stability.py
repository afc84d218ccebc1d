"""Where the sharpness of a training loss stands to the edge beyond which steps of a constant rate grow."""

from collections.abc import Sequence
from typing import Any

from pipeline.errors import Absent

LAST = 5
"""So many of the last measurements tell where it has settled, since it goes up and down about the edge."""


def ratios(history: Sequence[dict[str, Any]], ascent: bool = False) -> list[float]:
    """eta lambda (1 + rho lambda) / 2 at each measurement of lambda while it trained; rho = 0 unless `ascent`.

    At 1 a step of gradient descent, or of SAM without normalisation, keeps the size of an error along the sharpest
    direction and turns its sign.
    """
    rates = {row["learning_rate"] for row in history}
    if len(rates) != 1:
        raise Absent("the learning rate is not constant, so that there is no one edge")
    rows = [row for row in history if "lambda_max" in row]
    if not rows:
        raise Absent("the largest eigenvalue was not tracked while it trained")
    (rate,) = rates
    pairs = [(row["lambda_max"], row.get("ascent", 0.0) if ascent else 0.0) for row in rows]
    return [rate * sharpness * (1 + rho * sharpness) / 2 for sharpness, rho in pairs]


def settled(found: Sequence[float]) -> float:
    """The mean of the last measurements."""
    last = found[-LAST:]
    return sum(last) / len(last)
