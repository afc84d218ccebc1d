"""Examples whose loss has the longest gradient early in training are kept."""

from pipeline.contract import Tensor, TrainingSet, setting
from pipeline.methods.selection import Scored


class GraNd(Scored):
    """The score is E ||g_t(x, y)||_2, g the gradient of one example's loss; the largest are kept.

    Here g is that of the last layer, weights and bias, which is known in closed form: (p - y) (h, 1)^T, of norm
    ||p - y|| sqrt(||h||^2 + 1). The paper takes all weights and the mean over ten initialisations, at initialisation as
    well as later (`at_start`, where no proxy is trained for it but that of phase 0 is thrown away).
    """

    paper = "data_diet"
    at_start: bool = setting(False)

    def score(self, training: TrainingSet) -> Tensor:
        if self.at_start:
            self.encoder.load_state_dict(self.initial[0].state_dict())
            self.head.load_state_dict(self.initial[1].state_dict())
        features, errors = self.seen(training)
        return errors.norm(dim=1) * (features.square().sum(1) + 1).sqrt()
