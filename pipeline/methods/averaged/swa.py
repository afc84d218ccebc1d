"""The mean of the weights at the ends of the last epochs lies nearer the middle of a flat region than any of them."""

import torch

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.averaged import Averaged
from pipeline.ops.ema import follow


class SWA(Averaged):
    """Stochastic weight averaging of Izmailov et al. (2018), algorithm 1 with one point an epoch.

    w_SWA <- (n w_SWA + w) / (n + 1) at the end of each epoch of the last quarter of training. It is meant for a
    constant or a cyclic rate there: with one that falls to nothing the points are too near each other.
    """

    paper = "swa"
    training_only = ("average", "points")
    start: float = setting(0.75, unit="share of training", low=0.0, high=1.0)
    points: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.steps, self.of_epoch = context.steps_per_epoch * context.epochs, context.steps_per_epoch
        self.register_buffer("points", torch.tensor(0))

    def after_step(self) -> None:
        done = round(self.progress * self.steps) + 1
        if done % self.of_epoch == 0 and (done > self.start * self.steps or done == self.steps):
            count = int(self.points)
            follow(self.average, self.learning, count / (count + 1))
            self.points += 1
