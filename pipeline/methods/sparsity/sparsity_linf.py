"""How many random pixels must be freed from random corners before a perturbation breaks the classifier."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.sparsity import Sparsity
from pipeline.ops.balls import Linf, drawn


class SparsityLinf(Sparsity):
    """AS(x) = E_{u, F} min {m : some d with d_i = r u_i outside F_m and |d_i| <= r inside breaks x}.

    u is uniform in {-1, 1}^D and F_m the first m pixels of a random order, which is part of the constraint. Where the
    authors' code lets free pixels leave the ball, having its clamp commented out, they are clamped here. That code also
    gives the number of all pixels to images that are wrong or cannot be broken; here these have no sparsity.
    """

    paper = "adversarial_sparsity"
    radius: float = setting(0.1, unit="raw range", low=0.0)

    def ball(self) -> Linf:
        return Linf(self.radius)

    def draw(self, like: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        direction = drawn(torch.rand, like, generator).sub(0.5).sign()
        order = drawn(torch.rand, like, generator).flatten(1).argsort(1).argsort(1)
        return direction, order.view_as(like)

    def widths(self, like: Tensor) -> tuple[Tensor, Tensor]:
        # none at all is tried as well
        return like.new_full((len(like),), -1), like.new_full((len(like),), like[0].numel())

    def halfway(self, low: Tensor, high: Tensor) -> Tensor:
        # upwards, so that an end is tried again once the two are neighbours
        return ((low + high) / 2).ceil()

    def kept(self, shift: Tensor, direction: Tensor, more: Tensor, width: Tensor) -> Tensor:
        free = more < width.view(-1, *[1] * (shift.ndim - 1))
        return torch.where(free, self.ball().project(shift), self.radius * direction)
