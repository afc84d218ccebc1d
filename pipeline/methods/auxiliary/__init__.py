"""Classifiers with a second loss, whose gradient is fitted to that of the training loss before it is added."""

from typing import ClassVar

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.spectra import log_product
from pipeline.ops.vectors import flat, give, split

STABLE = 1e-7


class Auxiliary(CrossEntropy):
    """The direction is g + lambda h', with g the gradient of cross-entropy and h that of the auxiliary loss.

    Members say what is made of g and h (`combine`). The auxiliary loss is log prod |W|^2 over the network's matrices,
    in spectral norm, as in the authors' example: it is small where the network is smooth. The optimiser is the
    study's, given the direction as gradient; theirs is Adam. `ema` is the weight of today's gradient in a member's
    average, which starts as the first gradient, as in their code by default. All parameters are one vector.
    """

    training_only: ClassVar[tuple[str, ...]] = ("main", "seen")
    strength: float = setting(0.1, low=0.0)
    ema: float = setting(0.01, low=0.0, high=1.0)

    main: Tensor
    seen: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("main", 0 * flat(p.detach() for p in self.parameters()))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def combine(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        """(d,) the direction of gradients (d,) of the two losses."""
        raise NotImplementedError

    def backward(self, batch: Batch) -> Tensor:
        parameters = list(self.parameters())
        loss = self.loss(batch)
        main = flat(torch.autograd.grad(loss, parameters))
        auxiliary = flat(torch.autograd.grad(log_product(parameters), parameters, materialize_grads=True))
        with torch.no_grad():
            if not self.seen:
                self.main.copy_(main)
            self.seen += 1
            self.main.lerp_(main, self.ema)
            give(parameters, split(self.combine(main, auxiliary), parameters))
        return loss


def along(vector: Tensor, of: Tensor, most: float = float("inf")) -> Tensor:
    """(d,) the part of `vector` along `of`, no more than `most` times `of`."""
    return ((vector @ of) / (of @ of + STABLE)).clamp_max(most) * of
