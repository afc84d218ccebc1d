"""Examples that a network is far from knowing after a little training are kept: those of the longest error vector."""

from pipeline.contract import Tensor, TrainingSet
from pipeline.methods.selection import Scored


class EL2N(Scored):
    """The score is E ||p(w_t, x) - y||_2 over weights w_t after a few epochs; the largest are kept.

    p is read in evaluation mode. The paper takes the mean over ten initialisations; here it is one network's, so that
    every method has one proxy.
    """

    paper = "data_diet"

    def score(self, training: TrainingSet) -> Tensor:
        _, errors = self.seen(training)
        return errors.norm(dim=1)
