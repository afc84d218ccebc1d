"""Predictions are kept near those of an average of the network's weights, in which its steps count less and less."""

import torch

from pipeline.contract import Batch, Context, Tensor, nn, setting
from pipeline.methods.trajectory import Trajectory
from pipeline.ops.ema import follower
from pipeline.ops.weight_averages import follow_all


class MESA(Trajectory):
    """Memory-efficient sharpness-aware training: z' are the logits of an exponential average of the weights.

    The average is in evaluation mode and has averaged running statistics too. lambda = 0.8 and decay 0.9998 are those
    of the authors' run.sh. There the average is evaluated; here the network that learns is, as in `saf`.
    """

    paper = "saf"
    training_only = ("average",)
    weight = 0.8
    decay: float = setting(0.9998, low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.average = follower(nn.ModuleList([self.encoder, self.head]))

    def earlier(self, batch: Batch, logits: Tensor) -> tuple[Tensor, Tensor]:
        encoder, head = self.average.eval()
        return head(encoder(batch.views[0])), torch.ones_like(logits[:, 0])

    def after_step(self) -> None:
        follow_all(self.average, nn.ModuleList([self.encoder, self.head]), self.decay)
