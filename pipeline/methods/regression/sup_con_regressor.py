"""Contrast of inputs by equal targets alone, then a linear head: what mixed pairs are compared with."""

from pipeline.contract import Tensor, torch
from pipeline.methods.regression.sup_re_mix import SupReMix


class SupConRegressor(SupReMix):
    """SupReMix without mixtures and weights: L = mean_i -1/|P(i)| sum_{p in P(i)} log exp(z_i . p / tau) / Z_i,

    Z_i the sum over all others, P(i) those of target y_i: where targets are never alike, the other view alone.
    """

    paper = "sup_re_mix"

    def contrast(self, embedded: Tensor, targets: Tensor) -> Tensor:
        itself = torch.eye(len(targets), dtype=torch.bool, device=targets.device)
        logits = (embedded @ embedded.T / self.temperature).masked_fill(itself, -torch.inf)
        alike = (targets[:, None] == targets) & ~itself
        log_p = logits.log_softmax(1).where(alike, 0.0)
        return -(log_p.sum(1) / alike.sum(1)).mean()
