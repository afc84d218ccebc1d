"""SGD in randomly rotated coordinates of the weights, which is SGD: the control of what a rotation does to Adam."""

from collections.abc import Callable, Sequence

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops.rotations import Rotation
from pipeline.ops.vectors import flat


class RotatedSGD(Optimised):
    """Heavy-ball SGD on w' = R w with gradients R g, R a random orthogonal matrix of all d weights (section 4.1).

    The network has w = R^T w'. As in the paper, R is a product of permutations and small orthogonal matrices, drawn
    once (`pipeline/ops/rotations.py`); theirs are Kronecker products, here blocks on a diagonal, which fit any d.
    No weight is decayed.
    """

    paper = "adam_linf"
    training_only = ("peaks", "rotated")
    momentum: float = setting(0.9, low=0.0, high=0.999)

    rotated: Tensor
    """(d,) w', which the optimiser moves."""

    def build(self, context: Context) -> None:
        super().build(context)
        weights = flat(parameter.detach() for parameter in self.parameters())
        self.rotation = Rotation(len(weights), context.seed)
        self.register_buffer("rotated", self.rotation.there(weights))

    def optimizers(
        self, make: Callable[[torch.nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        rate = make(self).param_groups[0]["lr"]
        return [self.turned([{"params": [self.rotated], "lr": rate, "scale": self.rate, "weight_decay": 0.0}])]

    def turned(self, groups: Groups) -> torch.optim.Optimizer:
        """The optimiser of w'."""
        return torch.optim.SGD(groups, momentum=self.momentum)

    def backward(self, batch: Batch) -> Tensor:
        self.zero_grad(set_to_none=True)
        loss = super().backward(batch)
        self.rotated.grad = self.rotation.there(
            flat(torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters())
        )
        return loss

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        loss = super().step(batch, optimizers, epoch)
        with torch.no_grad():
            weights = list(self.parameters())
            parts = self.rotation.back(self.rotated).split([weight.numel() for weight in weights])
            for weight, part in zip(weights, parts, strict=True):
                weight.copy_(part.view(weight.shape))
        return loss
