"""Stochastic gradient descent with a heavy ball: steps add up along directions that stay."""

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups, Optimised


class Momentum(Optimised):
    """v <- momentum v + g + wd w;  w <- w - lr v (Polyak 1964). torch's own; cross_entropy has Nesterov's form."""

    paper = ""
    momentum: float = setting(0.9, low=0.0, high=0.999)

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups, momentum=self.momentum)
