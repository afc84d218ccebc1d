"""Accuracy that is left under attack."""

from torch import Tensor

from pipeline.ops.class_scores import top1


def robust_top1(predictions: Tensor, attacked: dict[float, Tensor], labels: Tensor, radius: float) -> dict[str, Tensor]:
    """(N,) 100 where the label is predicted both before and after the attack, else 0; by suffix.

    predictions (N,): classes without an attack, whose images lie in every ball too. attacked: radius -> classes of all
    images or of the first.
    The suffix of radius 0.05 is `0_05`; "" is that of `radius`.
    """
    clean = top1(predictions, labels)
    found = {r: clean[: len(classes)].minimum(top1(classes, labels[: len(classes)])) for r, classes in attacked.items()}
    return {"": found[radius], **{f"{r:g}".replace(".", "_"): values for r, values in found.items()}}
