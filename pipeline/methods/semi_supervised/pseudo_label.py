"""Pseudo-Label: the class predicted of an unlabelled input is its label, with a weight that grows during training."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.ops.pseudo_labels import pseudo_labels, sure_cross_entropy


class PseudoLabel(SemiSupervised):
    """Equations 15 and 16: L_u = 1/n' sum_m L(y'_m, f'_m), y'_m = argmax f'_m of the same view, at every step anew.

    Its weight alpha(t) is 0 until T1, grows linearly and is alpha_f = 3 from T2 on: 100 and 600 epochs there, shares of
    training here. L is cross-entropy of a softmax, where the paper has one of a sigmoid for each class, and every
    pseudo-label counts. Threshold 0.95, weight 1 and a ramp from 0 to 0.4 are those of the baseline of FixMatch's
    authors. Their code normalises labelled and unlabelled inputs apart, and its mask, a column that multiplies a row of
    losses, weights the mean of all losses by the share of sure inputs; here it leaves out those that are not sure.
    """

    paper = "pseudo_label"
    unlabelled_ratio: int = setting(8, unit="unlabelled inputs per labelled one", low=1)
    unlabelled_weight: float = setting(3.0, low=0.0)
    ramp_start: float = setting(0.1, unit="share of training", low=0.0, high=1.0)
    ramp_end: float = setting(0.6, unit="share of training", low=0.0, high=1.0)
    threshold: float = setting(0.0, unit="probability", low=0.0, high=1.0)

    def ramp(self) -> float:
        done, whole = self.progress - self.ramp_start, self.ramp_end - self.ramp_start
        return min(1.0, max(0.0, done / whole)) if whole > 0 else float(done >= 0)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        (own,) = logits
        return sure_cross_entropy(own, *self.assign(own))

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        return pseudo_labels(logits, self.threshold)
