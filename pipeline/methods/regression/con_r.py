"""Features are pushed apart where targets are far but predictions near, and drawn together where targets are near."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.regression.l1 import L1


class ConR(L1):
    """L = L1 + beta mean_i [N(i) not empty] -1/|P(i)| sum_{p in P(i)} log exp(v_i . v_p / tau) / Z_i,

    Z_i = sum_{p in P(i)} exp(v_i . v_p / tau) + sum_{q in N(i)} exp(e |y_i - y_q|) exp(v_i . v_q / tau), on the unit
    features v of both views; P(i) are the others with |y_i - y_j| <= w, N(i) those with |y_i - y_j| > w although
    their predictions, taken as constants, are within w. Features are the encoder's output, as in the authors' code.

    There w = 1, e = 0.01 and beta = 4 are for ages in years, which span about 100; targets here span 2, hence w = 0.02,
    e = 0.5 and beta = 0.08. tau = 0.2 is its default, though its function for AgeDB sets 0.07. Its optional weights by
    the density of targets are left out, as they are unless it reweights. Its Z_i also counts exp(0) for each embedding
    that is not in P(i), which its formula does not; left out. L1 is taken on the first of two views; there a third.
    """

    paper = "con_r"
    views: tuple[str, ...] = ("full", "full")
    beta: float = setting(0.08, low=0.0)
    window: float = setting(0.02, unit="targets, which span 2", low=0.0)
    push: float = setting(0.5, unit="per unit of target", low=0.0)
    temperature: float = setting(0.2, unit="cosine", low=1e-3)

    def loss(self, batch: Batch) -> Tensor:
        features = self.encoder(torch.cat(batch.views))
        predictions = self.predict(features)
        fit = self.objective(predictions[: len(batch.labels)], batch.labels)
        return fit + self.beta * self.contrast(features, predictions.detach(), batch.labels.repeat(2))

    def contrast(self, features: Tensor, predictions: Tensor, targets: Tensor) -> Tensor:
        """The regulariser of features (M, F), with predictions and targets (M,); each has a twin, so P(i) has one."""
        unit = F.normalize(features.float())
        apart = (targets[:, None] - targets).abs()
        near = apart <= self.window
        positive = near & ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)
        negative = ~near & ((predictions[:, None] - predictions).abs() <= self.window)
        logits = unit @ unit.T / self.temperature + self.push * apart * negative
        log_p = logits.masked_fill(~(positive | negative), -torch.inf).log_softmax(1)
        losses = -log_p.where(positive, 0.0).sum(1) / positive.sum(1)
        return (losses * negative.any(1)).mean()
