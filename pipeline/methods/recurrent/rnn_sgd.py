"""Backpropagation through time with plain gradient steps: the reference that exploding gradients throw off."""

from pipeline.methods.recurrent import Recurrent


class RNNSGD(Recurrent):
    """`cross_entropy` whose gradients are looked at and left as they are. Textbook; no paper of the catalogue is its
    source."""

    paper = ""
