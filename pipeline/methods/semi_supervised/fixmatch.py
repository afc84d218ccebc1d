"""FixMatch: the class that a weakly augmented view shows surely is the label of a strongly augmented one."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.ops.pseudo_labels import pseudo_labels, sure_cross_entropy


class FixMatch(SemiSupervised):
    """Equation 4: L_u = 1/(mu B) sum_b 1[max q_b >= tau] H(argmax q_b, p(A(u_b))), q_b = p(a(u_b)) without gradient.

    a is the augmentation of labelled inputs and A the study's strong one: here its transforms are drawn independently,
    each with its own probability, rather than two out of RandAugment's fourteen, and then comes cutout. The mean is
    over all unlabelled inputs, so that L_u grows with the share that is sure. The paper evaluates an average of the
    weights, which the study's budget gives to all its methods.
    """

    paper = "fixmatch"
    streams = {"unlabelled": ("full", "strong")}
    unlabelled_ratio: int = setting(7, unit="unlabelled inputs per labelled one", low=1)
    threshold: float = setting(0.95, unit="probability", low=0.0, high=1.0)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        weak, strong = logits
        return sure_cross_entropy(strong, *self.assign(weak))

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        return pseudo_labels(logits, self.threshold)
