"""FixMatch: the class that a weakly augmented view shows surely is the label of a strongly augmented one."""

from pipeline.contract import Tensor, setting
from pipeline.methods.semi_supervised import WeakToStrong
from pipeline.ops.pseudo_labels import pseudo_labels


class FixMatch(WeakToStrong):
    """Equation 4: L_u = 1/(mu B) sum_b 1[max q_b >= tau] H(argmax q_b, p(A(u_b))), q_b = p(a(u_b)) without gradient.

    a is the augmentation of labelled inputs and A the study's strong one: here its transforms are drawn independently,
    each with its own probability, rather than two out of RandAugment's fourteen, and then comes cutout. The paper
    evaluates an average of the weights, which the study's budget gives to all its methods.
    """

    paper = "fixmatch"
    threshold: float = setting(0.95, unit="probability", low=0.0, high=1.0)

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        return pseudo_labels(logits, self.threshold)
