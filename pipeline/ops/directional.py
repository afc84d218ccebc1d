"""How strongly the loss of a batch is curved along a step, and whether a second moment has kept up with gradients."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pipeline.ops.clipping import clipped, clipped_at_random
from pipeline.ops.curvature import Surface, Times
from pipeline.ops.sharpness import STABLE
from pipeline.ops.vectors import flat

if TYPE_CHECKING:
    from pipeline.contract import Batch, Method

SHARE = 0.1
"""Of the coordinates, for what the largest of them do."""


class Probe:
    """A step seen from the weights before it.

    Measured are directional sharpnesses v^T H v (Pan and Li 2023, definition 1), H the Hessian of the batch's loss at
    those weights and v of unit length: of the step that was taken, and of what SGD would have done in its place,
    the gradient, the gradient with its largest tenth of coordinates clipped, and that with a random tenth set to the
    same threshold, which is all the same trajectory; and how much of g^T H g is due to the largest tenth of g,
    that is sum over them of g_i (Hg)_i.
    """

    def __init__(self, method: "Method", batch: "Batch") -> None:
        self.batch = batch
        self.weights: list[Tensor] = [parameter for parameter in method.parameters() if parameter.requires_grad]
        self.before = [weight.detach().clone() for weight in self.weights]

    def measured(self, method: "Method") -> dict[str, float]:
        after = [weight.detach().clone() for weight in self.weights]
        taken = flat([now - then for now, then in zip(after, self.before, strict=True)])
        with torch.no_grad():
            torch._foreach_copy_(self.weights, self.before)
        surface = Surface(lambda: [method.loss(self.batch)], self.weights)
        with torch.enable_grad():
            slope, times = surface.slope(), surface.hessian()
        found = {
            "directional_sharpness": along(times, taken),
            "directional_sharpness_gradient": along(times, slope),
            "directional_sharpness_clipped": along(times, clipped([slope], SHARE)[0]),
            "directional_sharpness_random": along(
                times, clipped_at_random([slope], SHARE, torch.Generator().manual_seed(0))[0]
            ),
            "sharp_share": share_of_top(slope, times(slope), SHARE),
        }
        with torch.no_grad():
            torch._foreach_copy_(self.weights, after)
        return found


def along(times: Times, vector: Tensor) -> float:
    """v^T H v for v = vector / |vector|."""
    unit = vector / (vector.norm() + STABLE)
    return float(unit @ times(unit))


def share_of_top(vector: Tensor, product: Tensor, share: float) -> float:
    """Of sum_i v_i (Hv)_i what the largest |v_i|, a share of all, add to it."""
    terms = vector * product
    top = vector.abs().topk(int(len(vector) * share)).indices
    return float(terms[top].sum() / terms.sum())


@torch.no_grad()
def underestimate(optimizers: Iterable[torch.optim.Optimizer]) -> float:
    """The largest RMS = sqrt(mean g^2 / max(v, eps^2)) of a tensor, v its second moment; 0 where there is none."""
    worst = 0.0
    for optimizer in optimizers:
        for weight, state in optimizer.state.items():
            if "exp_avg_sq" in state and weight.grad is not None:
                ratio = weight.grad.square() / state["exp_avg_sq"].clamp(min=1e-16)
                worst = max(worst, float(ratio.mean().sqrt()))
    return worst
