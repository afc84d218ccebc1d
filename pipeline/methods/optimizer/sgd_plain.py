"""Plain stochastic gradient descent, without momentum: the floor of the comparison."""

from pipeline.contract import torch
from pipeline.methods.optimizer import Groups, Optimised


class SGDPlain(Optimised):
    """w <- w - lr (g + wd w). Textbook; torch's own."""

    paper = ""

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups)
