"""Methods whose gradient is taken where the loss is worst nearby: sharpness-aware minimisation."""

from pipeline.contract import Batch, Method, Tensor, setting
from pipeline.ops.sharpness import ascent, displaced, remember, remembered, rewound


class SharpnessAware(Method):
    """Any method's loss L at w + e instead of at w: e = rho g / |g|, g the gradient of L at w (equation 2, p = 2).

    A mixin, to stand before the method: `class SAMX(SharpnessAware, X)`. The first pass gives g and the loss that is
    reported; the second, at w + e, the gradient that is left for the optimiser, which steps from w. |g| is over all
    parameters that the loss reaches, biases and normalisation included. rho = 0 is the method itself, in one pass.

    Both passes are of one function: they draw the same random numbers, and the second starts from the buffers that
    the first started from. What is kept is as after the first, so that running statistics of batch normalisation are
    those at w, as in the code of Foret et al. Weight decay is the optimiser's and takes no part in g.

    Members with another ascent override `radius`, `climb` or `ascend`.
    """

    rho: float = setting(0.05, unit="L2 norm over all parameters", low=0.0)

    def radius(self) -> float:
        """rho at this step; for schedules."""
        return self.rho

    def climb(self, batch: Batch) -> Tensor:
        """The first pass: leaves in `grad` what is climbed by, and returns the loss to report."""
        return super().backward(batch)

    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        """The displacement e, one tensor for each gradient."""
        return ascent(gradients, radius)

    def backward(self, batch: Batch) -> Tensor:
        radius = self.radius()
        if radius == 0:
            return super().backward(batch)
        before = remembered(self)
        with rewound(batch.indices.device):
            loss = self.climb(batch)
        after = remembered(self)
        reached = [parameter for parameter in self.parameters() if parameter.grad is not None]
        steps = self.ascend([parameter.grad for parameter in reached if parameter.grad is not None], radius)
        self.zero_grad(set_to_none=True)
        remember(self, before)
        with displaced(list(reached), steps):
            super().backward(batch)
        remember(self, after)
        return loss


class TwoGradients(SharpnessAware):
    """For members that set the gradient at the top against that at the weights, `below`, one tensor for each gradient.

    `below` is of use once the first pass has been made.
    """

    def climb(self, batch: Batch) -> Tensor:
        loss = super().climb(batch)
        self.below = [weight.grad.clone() for weight in self.parameters() if weight.grad is not None]
        return loss
