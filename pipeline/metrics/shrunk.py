"""Inputs learned from among fewer classes: how many, and whether those taken out are what they are confused with."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Shrunk (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(beliefs: dict[str, Tensor], hidden_labels: Tensor) -> dict[str, float | Absent]:
    """Of probabilities "aligned" (U, K), and 0 or 1 for classes "kept" (U, K): the share that keeps some.

    Of these, the share whose likeliest class is right (`_right`), and its mean probability (`_confidence`), in percent.
    Where it is wrong, how often the right class is among those taken out (`_found`), so that nothing is learned against
    it, and how often any of the others is (`_chance`).
    """
    if "kept" not in beliefs:
        raise Absent("it learns from among all classes")
    known = hidden_labels >= 0
    labels, p, kept = hidden_labels[known], beliefs["aligned"][known].double(), beliefs["kept"][known].double()
    shrunk = kept.any(1)
    found: dict[str, float | Absent] = {"": _percent(shrunk)}
    labels, p, kept = labels[shrunk], p[shrunk], kept[shrunk]
    right = p.argmax(1) == labels
    wrong = (~right).nonzero().squeeze(1)
    nothing = Absent("no input is shrunk")
    found["right"] = _percent(right) if len(p) else nothing
    found["confidence"] = _percent(p.amax(1)) if len(p) else nothing
    lost = 1 - kept[wrong]
    missing = Absent("no class of a shrunk input is wrong")
    found["found"] = _percent(lost.gather(1, labels[wrong, None])) if len(wrong) else missing
    found["chance"] = _percent(lost.sum(1) / (lost.shape[1] - 1)) if len(wrong) else missing
    return found


def _percent(values: Tensor) -> float:
    return float(100.0 * values.double().mean())
