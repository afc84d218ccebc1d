"""Fit a network to the known designs and follow its gradient uphill from the best of them."""

from pipeline.methods.surrogate import Surrogate


class GradientAscent(Surrogate):
    """L = (g(x) - y)^2, averaged over the batch; then x <- x + eta grad g(x), 200 times.

    The baseline of Design-Bench (Trabucco et al. 2022), there with a predicted deviation and its likelihood in place of
    squared errors. No paper of the catalogue is its source.
    """

    paper = ""
