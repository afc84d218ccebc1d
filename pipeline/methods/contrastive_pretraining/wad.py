"""WAD: a contrastive teacher's nearest labelled image names an unlabelled one's class, its margin the weight."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.contrastive_pretraining import ContrastivePretraining
from pipeline.ops.ema import follower


class WAD(ContrastivePretraining):
    """L = 1/B sum H(y, p(x)) + 1/(mu B) sum_u w(u) H(argmax_c s_c(u), p(u)), w(u) = s_(1)(u) - s_(2)(u), with

    s_c(u) = max over labelled x of class c of cos(g(f(u)), g(f(x))) of the frozen teacher g f of phase 0, and s_(1) and
    s_(2) the two largest of them: what is near two classes alike, or near none, has hardly any weight. The paper
    derives it from a point-wise mutual information; this is the authors' code, w = s_(1) (1 - s_(2) / s_(1)), and no
    logarithm or estimate is in it.

    The student starts anew and learns in `rounds` + 1 phases. After phase i the alpha (1 - i / rounds)^2 of the
    unlabelled images on whose pseudo-labels its own cross-entropy is least join the labelled ones with those labels,
    and s is computed again. Ours: plain views where the code draws one augmentation for s; images that have joined
    keep their place in the stream, with weight 0; shares of the steps; negative margins cannot be.
    """

    paper = "wad"

    temperature: float = 0.5
    pretraining: float = setting(0.5, unit="share of training", low=0.01, high=0.99)
    rounds: int = setting(5, unit="rounds", low=1)
    alpha: float = setting(0.1, unit="share of unlabelled inputs", low=0.0, high=1.0)
    weighted: bool = setting(True)
    """False gives every pseudo-label the weight 1."""

    known: Tensor
    """(N,) labels of the training set."""
    classes: Tensor
    """(M,) of the stream, and (M,) `weights`, and (M,) `joined`: which of it are labelled images by now."""
    weights: Tensor
    joined: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.pretraining, *[(1 - self.pretraining) / (self.rounds + 1)] * (self.rounds + 1))

    def build(self, context: Context) -> None:
        super().build(context)
        self.start = follower(self.encoder)
        self.teacher = follower(nn.Sequential(self.encoder, self.projector))
        self.stream = context.streams.get("unlabelled", torch.empty(0))
        self.register_buffer("known", torch.zeros(context.train_examples, dtype=torch.int64))
        for name, kind in (("classes", torch.int64), ("weights", torch.float32), ("joined", torch.bool)):
            self.register_buffer(name, torch.zeros(len(self.stream), dtype=kind))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            self.teacher.load_state_dict(nn.Sequential(self.encoder, self.projector).state_dict())
            self.encoder.load_state_dict(self.start.state_dict())
            self.known.copy_(training.labels)
        if phase > 1:
            self.join(self.alpha * (1 - (phase - 1) / self.rounds) ** 2, training)
        if phase > 0:
            self.label(training)

    def join(self, share: float, training: TrainingSet) -> None:
        """The unlabelled images, so many of them, on whose pseudo-labels the student agrees most."""
        self.eval()
        logits = torch.cat([self.logits(self.encoder(views)) for views in training.plain(self.stream)])
        self.train()
        losses = F.cross_entropy(logits, self.classes, reduction="none").masked_fill(self.joined, torch.inf)
        self.joined[losses.topk(int(share * int((~self.joined).sum())), largest=False).indices] = True

    def label(self, training: TrainingSet) -> None:
        """Classes and weights of what has not joined."""
        self.teacher.eval()
        stream = torch.cat([F.normalize(self.teacher(views)) for views in training.plain(self.stream)])
        labelled = torch.cat([F.normalize(self.teacher(views)) for views in training.plain()])
        cosines = stream @ torch.cat([labelled, stream[self.joined]]).T
        classes, weights = margins(cosines, torch.cat([self.known, self.classes[self.joined]]))
        self.classes.copy_(self.classes.where(self.joined, classes))
        self.weights.copy_((weights if self.weighted else torch.ones_like(weights)).masked_fill(self.joined, 0.0))

    def arrange(self, order: Tensor) -> Tensor:
        """Labelled images and those that have joined them, which are counted from N on."""
        pool = torch.cat([torch.arange(len(self.known)), len(self.known) + self.joined.cpu().nonzero().squeeze(1)])
        rounds = [torch.randperm(len(pool)) for _ in range(-(-len(order) // len(pool)))]
        return pool[torch.cat(rounds)].to(order.device) if self.joined.any() else order

    def fetch(self, inputs: Tensor, indices: Tensor) -> Tensor:
        return super().fetch(torch.cat([inputs, self.stream]) if self.joined.any() else inputs, indices)

    def later(self, batch: Batch) -> Tensor:
        unlabelled, own = batch["unlabelled"], batch.indices < len(self.known)
        logits = self.logits(self.encoder(torch.cat([batch.views[0], unlabelled.views[0]])))
        labels = batch.labels.where(own, self.classes[(batch.indices - len(self.known)).clamp(min=0)])
        losses = F.cross_entropy(logits[len(labels) :], self.classes[unlabelled.indices], reduction="none")
        return F.cross_entropy(logits[: len(labels)], labels) + (self.weights[unlabelled.indices] * losses).mean()

    def pseudo_labels(self, plain: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        return self.classes[places], self.weights.masked_fill(self.joined, 1.0)[places]


def margins(cosines: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Of cosines (M, N) to inputs of labels (N,): each one's class (M,) with the nearest, and its lead on the next."""
    scores = torch.stack([cosines[:, labels == label].amax(1) for label in labels.unique()], 1)
    (first, second), (classes, _) = (part.unbind(1) for part in scores.topk(2, dim=1))
    return labels.unique()[classes], first - second
