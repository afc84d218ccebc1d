"""How much surer a classifier is where it is right: by how much the most likely class is ahead of the next."""

import torch
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Confidence gap (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = None


def compute(log_probabilities: Tensor, pgd_logits: Tensor, labels: Tensor) -> dict[str, float | Absent]:
    """Mean lead, as a probability in per cent, of images answered rightly less that of those answered wrongly.

    "": of images as they are. "attacked": of the same under projected gradient ascent. "across": of attacked images
    that are still right less that of images as they are that are wrong, which a mixture of classifiers lives on.
    """
    clean, right = _leads(log_probabilities, labels)
    attacked, withstood = _leads(pgd_logits.double().log_softmax(1), labels)
    return {
        "": _gap(clean[right], clean[~right]),
        "attacked": _gap(attacked[withstood], attacked[~withstood]),
        "across": _gap(attacked[withstood], clean[~right]),
    }


def _leads(log_probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) float64 differences of the two greatest probabilities, and bool: which labels are predicted."""
    first, second = log_probabilities.exp().topk(2, dim=1).values.unbind(1)
    return first - second, log_probabilities.argmax(1) == labels


def _gap(right: Tensor, wrong: Tensor) -> float | Absent:
    if not len(right) or not len(wrong):
        return Absent("all of the images are answered alike, rightly or wrongly")
    return 100 * float(torch.mean(right) - torch.mean(wrong))
