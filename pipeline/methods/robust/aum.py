"""Examples whose label loses against others for most of training, as labels made up on purpose do, are left out."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.class_scores import margins
from pipeline.ops.ema import follower


class AUM(Classifier):
    """AUM(x, y) = mean over epochs of z_y - max_{k != y} z_k, as the logits z are in each training step.

    In each of `rounds` (paper: two) N / (K + 1) random examples, other ones in each, get a class K + 1 of their own
    that only they have. An example is suspect where its AUM lies below the `percentile` of theirs in every round in
    which it was not one of them. Then the network trains anew, by cross-entropy without the extra class, on the others.

    As in the authors' code an example's first margin does not count (unless there is no second), other logits include
    the extra class, rounds share `collecting` of the epochs evenly (150 + 150 of 600), and every training starts from
    the beginning, here from the same initial weights. Their code makes N / K such examples. Margins are collected there
    at a constant learning rate and batches of 64; here schedule and batch size are the study's, restarted in each
    phase. To keep steps and budget equal, the last phase repeats kept examples within an epoch. With one round, the
    examples of the extra class are never suspect, and their score is the mean of the others'.
    """

    paper = "aum"
    training_only = ("extra", "initial", "fake", "sums", "seen")
    rounds: int = setting(2, low=1, high=2)
    collecting: float = setting(0.5, unit="share of training", low=0.01, high=0.99)
    percentile: float = setting(99.0, unit="percent", low=0.0, high=100.0)

    fake: Tensor
    sums: Tensor
    seen: Tensor
    scores: Tensor
    found: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.collecting / self.rounds,) * self.rounds + (1 - self.collecting,)

    def build(self, context: Context) -> None:
        super().build(context)
        self.extra = nn.Linear(context.feature_dim, 1)
        self.initial = follower(nn.ModuleList([self.encoder, self.head, self.extra]))
        examples = context.train_examples
        each = examples // (context.num_classes + 1)
        chosen = torch.randperm(examples)[: self.rounds * each].view(self.rounds, each)
        fake = torch.zeros(self.rounds, examples, dtype=torch.bool).scatter(1, chosen, True)
        self.register_buffer("fake", fake)
        self.register_buffer("sums", torch.zeros(self.rounds, examples))
        self.register_buffer("seen", torch.zeros(self.rounds, examples, dtype=torch.int64))
        self.register_buffer("scores", torch.zeros(examples))
        self.register_buffer("found", torch.zeros(examples, dtype=torch.bool))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase:
            nn.ModuleList([self.encoder, self.head, self.extra]).load_state_dict(self.initial.state_dict())
        if phase == self.rounds:
            self.judge()

    def loss(self, batch: Batch) -> Tensor:
        features = self.encoder(batch.views[0])
        if self.phase == self.rounds:
            return F.cross_entropy(self.logits(features), batch.labels)
        logits = torch.cat([self.logits(features), self.extra(features)], 1)
        labels = torch.where(self.fake[self.phase, batch.indices], logits.shape[1] - 1, batch.labels)
        self.record(logits.detach(), labels, batch.indices)
        return F.cross_entropy(logits, labels)

    def record(self, logits: Tensor, labels: Tensor, indices: Tensor) -> None:
        """Add the margins of a batch's logits (B, K + 1) for labels (B,) to those of this round."""
        sums, seen = self.sums[self.phase], self.seen[self.phase]
        # a second margin takes the place of the first, which says more of the initial weights than of the label
        sums[indices] = margins(logits, labels).float() + torch.where(seen[indices] > 1, sums[indices], 0.0)
        seen[indices] += 1

    def judge(self) -> None:
        """Find the suspects, and each example's AUM as the mean over the rounds in which it had its own label."""
        aum = self.sums / (self.seen - 1).clamp_min(1)
        own = (self.seen > 0) & ~self.fake
        below = torch.zeros_like(own)
        for number, others in enumerate((self.seen > 0) & self.fake):
            if others.any():
                below[number] = aum[number] < aum[number, others].quantile(self.percentile / 100)
        self.found.copy_((below | ~own).all(0) & own.any(0))
        means = aum.where(own, 0.0).sum(0) / own.sum(0)
        self.scores.copy_(means.where(own.any(0), means.nanmean()).nan_to_num())

    def arrange(self, order: Tensor) -> Tensor:
        kept = order[~self.found[order]]
        if self.phase < self.rounds or not len(kept):
            return order
        return kept.repeat(-(-len(order) // len(kept)))[: len(order)]

    def label_scores(self) -> Tensor:
        return self.scores

    def suspects(self) -> Tensor:
        return self.found
