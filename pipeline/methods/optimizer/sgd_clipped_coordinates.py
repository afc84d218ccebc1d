"""Momentum SGD on gradients whose few largest coordinates are cut down to the size of the next."""

from pipeline.methods.optimizer import Clipped
from pipeline.methods.optimizer.momentum import Momentum


class SGDClippedCoordinates(Clipped, Momentum):
    """The largest tenth, which is what the authors' code has for SGD."""

    paper = "directional_sharpness"
