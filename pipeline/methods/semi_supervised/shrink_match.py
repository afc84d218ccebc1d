"""ShrinkMatch: an unsure input is learned from among fewer classes, without those that its label is confused with."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.semi_supervised import Believing, WeakToStrong
from pipeline.ops.class_spaces import shrunk
from pipeline.ops.pseudo_labels import aligned


class ShrinkMatch(WeakToStrong, Believing):
    """L_u = mean of 1[max p >= tau] H(p, p(A(u))) + r 1[max p < tau] (max p) H_s(c, h(A(u))): sections 3.1 to 3.3.

    p are the weak view's probabilities divided by the mean of those of the last 32 batches and normalised (distribution
    alignment). An unsure input's classes, likeliest first, lose places 2, 3, ... until the first has a share of tau of
    what is left; H_s is cross-entropy with the first class among those left, of an auxiliary head h. Where all but the
    first and the last are lost in vain the input does not count. r is a moving average of the share of sure inputs.

    As in the authors' code sure inputs have soft targets, and at least one class is lost. There r begins anew with each
    1,024 steps at the share of their first batch; here it begins once, at 0, and is kept. Their h passes strong views
    alone, ours all views, as the family has it for batch normalisation. The average of weights that their code
    evaluates is the study's. `shrink_weight` 0 is FixMatch with alignment and soft targets.
    """

    paper = "shrink_match"
    training_only = ("auxiliary",)
    threshold: float = setting(0.95, unit="probability", low=0.0, high=1.0)
    momentum: float = setting(0.999, low=0.0, high=1.0)
    shrink_weight: float = setting(1.0, low=0.0)
    own_head: bool = setting(True)
    reweighted: bool = setting(True)

    recent: Tensor
    """(32, K) mean probabilities of batches; zeros where there was none yet."""
    batches: Tensor
    certain: Tensor
    """r."""

    def build(self, context: Context) -> None:
        super().build(context)
        width = max(1, context.feature_dim // 4)
        layers: list[nn.Module] = []
        for size in (context.feature_dim, width):
            layers += [nn.Linear(size, width), nn.BatchNorm1d(width), nn.LeakyReLU(0.1)]
        if self.own_head:
            self.auxiliary = nn.Sequential(*layers, nn.Linear(width, context.num_classes))
        self.register_buffer("recent", torch.zeros(32, context.num_classes))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))
        self.register_buffer("certain", torch.zeros(()))

    def stream_loss(self, batch: Batch, features: Tensor, *logits: Tensor) -> Tensor:
        weak, strong = logits
        other = self.auxiliary(features)[-len(strong) :] if self.own_head else strong
        return self.pair_loss(weak, strong, other)

    def pair_loss(self, weak: Tensor, strong: Tensor, other: Tensor) -> Tensor:
        """L_u of logits (M, K): of weak views, of strong ones, and of strong ones by h."""
        self.recent[self.batches % len(self.recent)] = weak.detach().softmax(1).mean(0).to(self.recent)
        self.batches += 1
        p = aligned(weak, self.recent.mean(0))
        sure = p.amax(1) >= self.threshold
        self.certain.lerp_(sure.to(self.certain).mean(), 1 - self.momentum)
        soft = F.cross_entropy(strong, p, reduction="none") * sure
        order = p.argsort(dim=1, descending=True)
        kept, _ = shrunk(p.gather(1, order), self.threshold)
        scores = other.gather(1, order)
        hard = scores.masked_fill(~kept, -torch.inf).logsumexp(1) - scores[:, 0]
        return (soft + self.shrink_weight * self.weights(p) * ~sure * hard).mean()

    def weights(self, p: Tensor) -> Tensor:
        """(M,) of what inputs without a sure label are learned with."""
        found = shrunk(p.sort(1, descending=True).values, self.threshold)[1]
        return found * p.amax(1) * self.certain if self.reweighted else found.to(p)

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        p = aligned(logits, self.recent.mean(0))
        confidence, classes = p.max(1)
        return classes, torch.where(confidence >= self.threshold, 1.0, self.shrink_weight * self.weights(p))

    def beliefs(self, plain: Tensor) -> dict[str, Tensor]:
        """`aligned`: p. `kept`: 1 for the classes among which an unsure input is learned, and no 1 where it is not."""
        p = aligned(self.logits(self.encoder(plain)), self.recent.mean(0))
        order = p.argsort(dim=1, descending=True)
        kept, found = shrunk(p.gather(1, order), self.threshold)
        unsure = found & (p.amax(1) < self.threshold)
        return {"aligned": p, "kept": (kept & unsure[:, None]).gather(1, order.argsort(1)).to(p)}
