"""Mixed embeddings are hard pairs: an input's with others are negatives, those of lower with higher ones positives."""

from collections.abc import Callable, Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.regression.l1 import L1
from pipeline.ops.heads import mlp


class SupReMix(L1):
    """L = mean_i -1/|P(i)| sum_{p in P(i)} log exp(z_i . p / tau) / sum_{q in Q(i)} w_iq exp(z_i . q / tau), then L1.

    z are unit embeddings of two views. Q(i) are all others and all mixtures for i, with w_iq = 1 + |y_i - y_q|; P(i)
    are those of target y_i. Negative mixtures are a z_i + (1 - a) z_k for each k of another target, a from Beta(2, 8);
    positive ones b z_j + (1 - b) z_k for all y_j < y_i < y_k within a window of y_i, b such that b y_j + (1 - b) y_k
    is y_i. Mixtures are constants and not of unit length. A linear head is then fitted to the frozen features.

    From the authors' code: windows of 5 and w are for ages, which span about 100 years; here they are shares of the
    span of training targets. There the largest logits of pairs and of mixtures are subtracted apart, which changes
    their weights; here all are one softmax. Theirs says Beta(5, 5) and draws Beta(2, 8). The head for z is SimCLR's.
    """

    paper = "sup_re_mix"
    views: tuple[str, ...] = ("full", "full")
    phases: tuple[float, ...] = (0.6, 0.4)
    training_only = ("projection",)
    temperature: float = setting(0.3, unit="cosine", low=1e-3)
    window: float = setting(0.05, unit="share of the span of targets", low=0.0, high=1.0)
    push: float = setting(100.0, unit="per span of targets", low=0.0)
    alpha: float = setting(2.0, low=1e-3)
    beta: float = setting(8.0, low=1e-3)
    projection_dim: int = setting(128, low=1)

    def build(self, context: Context) -> None:
        super().build(context)
        low, high = context.target_range or (-1.0, 1.0)
        self.span = high - low
        self.projection = mlp([context.feature_dim, context.feature_dim, self.projection_dim])

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        return [make(nn.ModuleList([self.encoder, self.projection]) if phase == 0 else self.head)]

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 0:
            embedded = F.normalize(self.projection(self.encoder(torch.cat(batch.views))).float())
            return self.contrast(embedded, batch.labels.repeat(2) / self.span)
        with torch.no_grad():
            features = self.encoder.eval()(batch.views[0])
        return self.objective(self.predict(features), batch.labels)

    def contrast(self, embedded: Tensor, targets: Tensor) -> Tensor:
        """Of unit embeddings (M, D) and targets (M,), in spans."""
        size = len(targets)
        itself = torch.eye(size, dtype=torch.bool, device=targets.device)
        further = torch.distributions.Beta(self.beta, self.alpha).sample((size, size)).to(embedded)
        # cosines are at most 1, so that logits less 1 / tau need no maximum taken off
        pairs = (embedded @ embedded.T - 1) / self.temperature
        fixed = (embedded @ embedded.detach().T - 1) / self.temperature
        apart = (targets[:, None] - targets).abs()
        other = apart > 0
        negatives = fixed.diagonal()[:, None].lerp(fixed, further)
        mass = ((1 + self.push * apart) * pairs.exp()).masked_fill(itself, 0).sum(1)
        mass = mass + ((1 + self.push * further * apart) * negatives.exp() * other).sum(1)

        near = other & (apart < self.window)
        lower = targets < targets[:, None]
        i, j, k = ((near & lower)[:, :, None] & (near & ~lower)[:, None]).nonzero().unbind(1)
        share = (targets[k] - targets[i]) / (targets[k] - targets[j])
        positives = fixed[i, k].lerp(fixed[i, j], share)
        mass = mass.index_add(0, i, positives.exp())

        twins = ~other & ~itself
        counts = twins.sum(1).index_add(0, i, torch.ones_like(i))
        likeness = (pairs * twins).sum(1).index_add(0, i, positives)
        return (mass.log() - likeness / counts).mean()
