"""Labels that have spread over a graph of inputs, against those of the network alone; of sure inputs and of others."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Propagated labels right (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(beliefs: dict[str, Tensor], hidden_labels: Tensor) -> dict[str, float]:
    """Of distributions "own" and "spread" (U, K): the share of right classes after spreading.

    `_own` is that before, and `_changed` the share of inputs whose class is another. `_probability` is the mean
    probability of the right class after spreading, in percent, `_own_probability` that before.
    """
    if "spread" not in beliefs:
        raise Absent("its labels do not spread")
    known = hidden_labels >= 0
    labels, own, spread = hidden_labels[known], beliefs["own"][known].double(), beliefs["spread"][known].double()
    before, after = own.argmax(1), spread.argmax(1)
    return {
        "": _percent(after == labels),
        "own": _percent(before == labels),
        "changed": _percent(before != after),
        "probability": _percent(spread.gather(1, labels[:, None])),
        "own_probability": _percent(own.gather(1, labels[:, None])),
    }


def _percent(values: Tensor) -> float:
    return float(100.0 * values.double().mean())
