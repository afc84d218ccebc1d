"""How wide a random cone must be before it holds a perturbation that breaks the classifier."""

import math

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.sparsity import Sparsity
from pipeline.ops.balls import L2, drawn
from pipeline.ops.cones import into_cone


class SparsityL2(Sparsity):
    """AS(x) = E_u min {t : some d with |d|_2 = r and angle(d, u) <= t breaks x}, u uniform on the sphere.

    In radians, from 0 to pi. A step follows the normalised gradient, is cut to the pixels' range, turned into the cone
    at constant length, and brought to length r. The authors' code shortens the part across u to |d| sin(t) and leaves
    that along u as it is, so that most of what is too wide stays too wide; here the angle is t. It starts from pi / 12
    and pi / 6 and doubles the upper angle while that does not break; here bisection starts from 0 and pi.
    """

    paper = "adversarial_sparsity"
    radius: float = setting(1.0, unit="raw range", low=0.0)

    def ball(self) -> L2:
        return L2(self.radius)

    def draw(self, like: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        direction = self.ball().steepest(drawn(torch.randn, like, generator))
        return direction, direction

    def widths(self, like: Tensor) -> tuple[Tensor, Tensor]:
        low = like.new_zeros(len(like))
        return low, low + math.pi

    def kept(self, shift: Tensor, direction: Tensor, more: Tensor, width: Tensor) -> Tensor:
        return self.radius * self.ball().steepest(into_cone(shift, direction, width))
