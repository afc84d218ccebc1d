"""Gradients longer than a threshold are shortened to it, so that no step over a cliff of the loss goes far."""

from pipeline.contract import setting
from pipeline.methods.recurrent import Clipped


class RNNClipped(Clipped):
    """SGD-C of Pascanu, Mikolov and Bengio (2013): backpropagation through time with the gradient's norm clipped.

    tau = 1 is the authors' code's (`cutoff`); their text advises half to ten times the average norm.
    """

    paper = "rnn_difficulty"
    tau: float = setting(1.0, unit="L2 norm over all parameters", low=0.0)
