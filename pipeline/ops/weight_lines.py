"""Networks between two networks of the same make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.ops.curvature import Surface
from pipeline.ops.sharpness import STABLE

State = Mapping[str, Tensor]


@torch.no_grad()
def mixed(start: State, end: State, share: float) -> dict[str, Tensor]:
    """(1 - share) start + share end, entry by entry, running statistics included; counters are those of the end."""
    return {
        name: torch.lerp(start[name].to(last), last, share) if last.is_floating_point() else last.clone()
        for name, last in end.items()
    }


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """Of two tensors of one shape, all entries together; 0 where either is zero."""
    length = first.norm() * second.norm()
    return (first * second).sum() / length.clamp(min=torch.finfo(first.dtype).tiny)


@torch.no_grad()
def stock_shares(anchor: Sequence[Tensor], copies: Sequence[Sequence[Tensor]], layerwise: bool = True) -> list[Tensor]:
    """t = 2 cos / (1 + cos) in [0, 1] for each tensor: how far from the anchor to the mean of two copies.

    cos is of the angle between the ways that the copies have come from the anchor: of each tensor, or with
    `layerwise` off of all entries together.
    """
    ways = [[now - before for now, before in zip(copy, anchor, strict=True)] for copy in copies]
    if not layerwise:
        together = [torch.cat([way.flatten() for way in copy]) for copy in ways]
        angles = [cosine(together[0], together[1])] * len(anchor)
    else:
        angles = [cosine(one, two) for one, two in zip(*ways, strict=True)]
    # where cos < 0 the formula leaves the segment
    return [(2 * angle / (1 + angle)) if angle > 0 else torch.zeros_like(angle) for angle in angles]


def worst_rise(surface: Surface, scale: Tensor, radius: float, steps: int) -> float:
    """max L(w + T u) - L(w) over |u| <= radius with T = `scale` (d,), by projected ascent along the gradient's
    direction in steps of 2 radius / steps from u = 0; the greatest that was met, 0 or more."""
    before, best, u = surface.value(), 0.0, torch.zeros_like(scale)
    for _ in range(steps):
        with surface.moved(scale * u):
            slope = scale * surface.slope()
        u = u + 2 * radius / steps * slope / (slope.norm() + STABLE)
        u = u * (radius / u.norm().clamp(min=STABLE)).clamp(max=1.0)
        with surface.moved(scale * u):
            best = max(best, surface.value() - before)
    return best


@dataclass(frozen=True)
class Along:
    """What was measured on the line from the base (0) to the weights at the end (1), at P points of L layers."""

    shares: Tensor
    """(P,)"""
    accuracy: dict[str, Tensor]
    """Of "target", "unseen" and "source": (P,), in percent."""
    sharpness: Tensor
    """(P,) worst-case adaptive sharpness over all weights."""
    layers: Tensor
    """(L, P) the same over one layer's weights."""
    barriers: Tensor
    """(L,) by how much the loss rises at most above the straight line between its ends while this layer alone goes."""
    sparsified: float
    """Accuracy on the unseen domain at half the way with the straggler's way cut to its largest entries."""

    @property
    def straggler(self) -> int:
        """The layer with the greatest barrier."""
        return int(self.barriers.argmax())
