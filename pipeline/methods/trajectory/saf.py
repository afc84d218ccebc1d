"""Predictions are kept near what the network said of the same image a few epochs ago: sharpness at no further cost."""

import torch

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.trajectory import Trajectory


class SAF(Trajectory):
    """Sharpness-aware training for free: z' are the logits of E epochs ago, in training mode and under that epoch's
    augmentation, before the step that the image took part in.

    A ring of E + 1 epochs keeps them. lambda = 0.3 and E = 2 are those of the authors' run.sh, E = 3 their code's
    default; they begin after epoch 5 of 90. Label smoothing and an average of the weights, which their run.sh has too,
    are left out. An image that an incomplete batch left out E epochs ago has no second term.
    """

    paper = "saf"
    training_only = ("ring", "filled")
    back: int = setting(2, unit="epochs", low=1)
    ring: Tensor
    filled: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("ring", torch.zeros(context.train_examples, self.back + 1, context.num_classes))
        self.register_buffer("filled", torch.full((context.train_examples, self.back + 1), -1))

    def earlier(self, batch: Batch, logits: Tensor) -> tuple[Tensor, Tensor]:
        place, past = (epoch % (self.back + 1) for epoch in (self.epoch, self.epoch - self.back))
        self.ring[batch.indices, place] = logits
        self.filled[batch.indices, place] = self.epoch
        known = self.filled[batch.indices, past] == self.epoch - self.back
        return self.ring[batch.indices, past], known.to(logits)
