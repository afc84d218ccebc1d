"""Accuracy of a certified classifier's answers under attack: what certificates can reach at most."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Under attack (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    attacked_answers: dict[float, Tensor], answers: Tensor, certified_labels: Tensor, radius: float
) -> dict[str, Tensor]:
    """At each radius that is attacked (`_0_25`), and without a suffix at the one that matters most."""
    clean = top1(answers, certified_labels)
    found = {r: clean.minimum(top1(attacked, certified_labels)) for r, attacked in attacked_answers.items()}
    return {"": found[radius], **{f"{r:g}".replace(".", "_"): values for r, values in found.items()}}
