"""A Gaussian per class, fitted to contrastive features without their outliers, yields clean features to learn from."""

import copy

import torch.nn.functional as F
from torch.optim.swa_utils import update_bn

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.kmeans import embedded


class RCAL(Classifier):
    """L = mixup of CE(head(f(x)), y) + sampling CE(head(v), k) + anchoring |f(x) - f_0(x)|^2 / spread.

    f starts as f_0, the encoder of a contrastive run (paper: MoCo). Per class, the `outliers` by Local Outlier Factor
    (LOF) among its f_0(x) are dropped; the rest give mean and covariance. A tail class moves both by the share
    `borrowed` to the average of the `heads` head classes whose means are nearest. v are draws from these Gaussians,
    as many for every class k, in each step about a batch. Labels and f_0(x) are mixed as the images are.

    Abstract and a reader's summary tell of Gaussians, LOF, head classes nearest in Euclidean distance, sampled
    features, closeness to contrastive features and mixup; the formulas were not at hand. `neighbours` and `outliers`
    are searched by the studies on training images kept out. Chosen here: weights of 1 and shares of a half, equal
    weights of head classes, tail classes as those with less than half the mean number of examples left, fresh draws in
    every step, and the scale of the distance (spread: the variance of f_0(x), summed over dimensions). LOF's usual
    threshold of 1.5 finds next to nothing in these features, hence a share of each class; and among its usual 20
    neighbours the wrongly labelled of one true class have mostly each other, hence more. Before f_0(x) is taken, batch
    normalisation gets its statistics from these images instead of contrastive views, without which f would start at a
    distance from f_0. The suspects are the outliers, and LOF's negative is the label score.
    """

    paper = "rcal"
    builds_on = True
    requires = ("base_encoder == encoder", "base_shape[0] == shape[0]")
    training_only = ("anchors", "means", "roots", "spread")
    neighbours: float = setting(0.3, unit="share of a class", low=0.0, high=1.0)
    outliers: float = setting(0.3, unit="share of a class", low=0.0, high=0.9)
    heads: int = setting(2, unit="classes", low=1)
    borrowed: float = setting(0.5, unit="share", low=0.0, high=1.0)
    sampling: float = setting(1.0, low=0.0)
    anchoring: float = setting(1.0, low=0.0)
    mixup: float = setting(1.0, unit="alpha of Beta(alpha, alpha)", low=1e-3)

    anchors: Tensor
    means: Tensor
    roots: Tensor
    spread: Tensor
    factors: Tensor
    found: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        assert context.base is not None
        self.encoder = copy.deepcopy(context.base.encoder).requires_grad_(True)
        examples, classes, dim = context.train_examples, context.num_classes, context.feature_dim
        self.register_buffer("anchors", torch.zeros(examples, dim))
        self.register_buffer("means", torch.zeros(classes, dim))
        self.register_buffer("roots", torch.zeros(classes, dim, dim))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("factors", torch.ones(examples))
        self.register_buffer("found", torch.zeros(examples, dtype=torch.bool))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        update_bn(training.plain(), self.encoder)
        features, labels = embedded(self.encoder, training.plain()), training.labels
        self.anchors.copy_(features)
        self.spread.copy_(features.var(0, correction=0).sum().clamp_min(1e-12))
        means, covariances, counts = [], [], []
        for number in range(len(self.means)):
            members = (labels == number).nonzero().squeeze(1)
            factors = outlier_factors(features[members], max(1, round(self.neighbours * len(members))))
            self.factors[members] = factors
            order = members[factors.argsort()]
            left = order[: len(order) - int(self.outliers * len(order))]
            self.found[order[len(left) :]] = True
            means.append(features[left].sum(0) / max(1, len(left)))
            centred = features[left] - means[-1]
            covariances.append(centred.T @ centred / max(1, len(left) - 1))
            counts.append(len(left))
        mean, covariance = self.borrow(torch.stack(means), torch.stack(covariances), torch.tensor(counts))
        self.means.copy_(mean)
        values, vectors = torch.linalg.eigh(covariance.double())
        self.roots.copy_(vectors * values.clamp_min(0).sqrt()[:, None])

    def borrow(self, means: Tensor, covariances: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Means (K, F) and covariances (K, F, F) with those of tail classes moved to their nearest head classes."""
        tail = (counts < counts.double().mean() / 2).to(means.device)
        distances = torch.cdist(means, means).masked_fill(tail, torch.inf)
        nearest = distances.topk(min(self.heads, int((~tail).sum())), largest=False).indices
        share = self.borrowed * tail.to(means.dtype)
        moved = means.lerp(means[nearest].mean(1), share[:, None])
        return moved, covariances.lerp(covariances[nearest].mean(1), share[:, None, None])

    def loss(self, batch: Batch) -> Tensor:
        images, labels, anchors = batch.views[0], batch.labels, self.anchors[batch.indices]
        share = float(torch.distributions.Beta(self.mixup, self.mixup).sample())
        others = torch.randperm(len(images)).to(images.device)
        features = self.encoder(torch.lerp(images[others], images, share))
        logits = self.logits(features)
        fit = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, labels[others])
        moved = (features - torch.lerp(anchors[others], anchors, share)).square().sum(1).mean() / self.spread
        drawn, classes = self.sample(max(1, len(images) // len(self.means)))
        return fit + self.sampling * F.cross_entropy(self.logits(drawn), classes) + self.anchoring * moved

    def sample(self, each: int) -> tuple[Tensor, Tensor]:
        """Features (K each, F) drawn from the Gaussians, and their classes."""
        classes, dim = self.means.shape
        noise = torch.randn(classes, each, dim, device=self.means.device)
        drawn = self.means[:, None] + noise @ self.roots.mT
        return drawn.flatten(0, 1), torch.arange(classes, device=drawn.device).repeat_interleave(each)

    def label_scores(self) -> Tensor:
        return -self.factors

    def suspects(self) -> Tensor:
        return self.found


def outlier_factors(points: Tensor, neighbours: int) -> Tensor:
    """(N,) Local Outlier Factors of points (N, D): how much sparser it is around a point than around its neighbours.

    1 / density is the mean over the k nearest o of max(distance to o, o's distance to its k-th nearest).
    """
    count = min(neighbours, len(points) - 1)
    if count < 1:
        return points.new_ones(len(points))
    near = torch.cdist(points, points).fill_diagonal_(torch.inf).topk(count, largest=False)
    sparsity = torch.maximum(near.values, near.values[:, -1][near.indices]).mean(1).clamp_min(1e-12)
    return sparsity * (1 / sparsity)[near.indices].mean(1)
