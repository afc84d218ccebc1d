"""TRADES-AWP: TRADES with its whole loss taken at weights that have been made worse for it."""

from pipeline.methods.adversarial import WeightPerturbed
from pipeline.methods.adversarial.trades import TRADES


class TRADESAWP(WeightPerturbed, TRADES):
    """L is the loss of `trades`, both of its terms, when v is sought and when it is descended.

    gamma = 0.005 and ten of 200 epochs without are the authors' for CIFAR-10. Their code passes x through the network
    twice in training mode, and ours once.
    """

    paper = "awp"
    gamma = 0.005
    warmup = 0.05
