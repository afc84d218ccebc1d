"""Classifiers that are their own optimiser: steps by curvature of the loss on the batch."""

from collections.abc import Callable, Sequence

from pipeline.contract import Tensor, nn, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.vectors import flat


class SecondOrder(CrossEntropy):
    """Cross-entropy; members make the direction and keep its state in buffers.

    `optimizers` is w <- w - lr g without momentum, whatever the study's optimiser, with the study's weight decay: what
    members leave as gradient is the whole step but for the rate.
    """

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        given = make(self).param_groups
        groups, rate = [{"params": g["params"], "weight_decay": g["weight_decay"]} for g in given], given[0]["lr"]
        return [torch.optim.SGD(groups, lr=rate)]

    @property
    def learnt(self) -> list[Tensor]:
        """The parameters; a vector (d,) has their entries one after the other."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    @property
    def point(self) -> Tensor:
        """(d,) where the parameters are."""
        return flat(parameter.detach().flatten() for parameter in self.learnt)
