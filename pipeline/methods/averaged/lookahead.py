"""Slow weights go part of the way that fast ones have found in a few steps, from where these then start anew."""

import torch

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.averaged import Averaged
from pipeline.ops.ema import follow
from pipeline.ops.weight_averages import put


class Lookahead(Averaged):
    """After k steps of the optimiser (Zhang et al. 2019, algorithm 1) phi <- phi + alpha (theta - phi), theta <- phi.

    The optimiser's momentum is kept, one of the three ways that the paper names. The slow weights phi are what is
    evaluated. k = 5 and alpha = 0.5 as theirs; k = 1 with alpha = 1 is `cross_entropy`.
    """

    paper = "lookahead"
    training_only = ("average", "taken")
    k: int = setting(5, unit="steps", low=1)
    alpha: float = setting(0.5, low=0.0, high=1.0)
    taken: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("taken", torch.tensor(0))

    def after_step(self) -> None:
        self.taken += 1
        if self.taken % self.k == 0:
            follow(self.average, self.learning, 1 - self.alpha)
            put(self.average, self.learning)
