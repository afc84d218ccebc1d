"""Which way an input would have to change for a class to have a higher score."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify

ClassScore = Callable[[Tensor, Tensor], Tensor]
"""What is differentiated, (B,), of logits (B, K) and classes (B,)."""


def logit(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.gather(1, classes[:, None]).squeeze(1)


def log_probability(logits: Tensor, classes: Tensor) -> Tensor:
    return -F.cross_entropy(logits, classes, reduction="none")


SCORES: dict[str, ClassScore] = {"logit": logit, "log_probability": log_probability}
"""By the names that settings have for them."""


def cosines(
    classify: Classify,
    score: ClassScore,
    views: Tensor,
    classes: Tensor,
    directions: Tensor,
    inputs: Inputs,
    learn: bool = False,
) -> Tensor:
    """(B,) cosines of the gradients of the classes' scores with directions (B, ...), in raw units; 0 if one vanishes.

    views (B, ...) have the classes (B,), and no view's logits may depend on another view. Directions are differences
    of views. With `learn` the cosines have a graph to the parameters.
    """
    scale = inputs.scale.to(views)
    with torch.enable_grad():
        at = views.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(score(classify(at), classes).sum(), at, create_graph=learn)
    return F.cosine_similarity((slopes * scale).flatten(1), (directions / scale).flatten(1))
