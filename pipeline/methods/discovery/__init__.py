"""Methods that tell classes with some labels and classes without any apart, and answer with a cluster of each input."""

import copy
import math
from collections.abc import Sequence
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.ops.heads import CosineLinear, mlp
from pipeline.ops.kmeans import embedded
from pipeline.ops.semi_supervised_kmeans import semi_supervised_kmeans
from pipeline.ops.similarity import contrast_of_many, positives_and_negatives


class Discoverer(Method):
    """Clusters of plain views. It knows the old classes, 0..C-1, and is told a number K of classes, C <= K."""

    kind = "discoverer"
    streams = {"unlabelled": ("full", "full")}

    old: int
    """C."""
    classes: int
    """K."""
    unlabelled: Tensor | None
    """Raw inputs (M, ...) of the stream, for a look at all of them; None where they come in sessions."""

    def build(self, context: Context) -> None:
        self.old, self.classes = sum(count > 0 for count in context.class_counts), context.num_classes
        self.unlabelled = context.streams.get("unlabelled")

    def cluster_of(self, inputs: Tensor) -> Tensor:
        """(B,) int64 cluster of each of the plain views (B, ...)."""
        raise NotImplementedError

    def found_clusters(self) -> int | None:
        """How many clusters it takes there to be; None for as many as it makes use of."""
        return None

    def class_shares(self) -> Tensor | None:
        """(K,) how large it takes the classes to be among all inputs, with a sum of 1; None for all alike."""
        return None

    def prototypes(self) -> Tensor | None:
        """(K, F) what stands for each cluster among features; None where nothing does."""
        return None


class Clustered(Discoverer):
    """Discoverers that answer with the nearest of K centres, which k-means has found of their features.

    Features are of unit length. Where `with_labels`, k-means is the semi-supervised one of Vaze et al. (2022): labelled
    inputs stay in their class's cluster. Otherwise it clusters labelled and unlabelled inputs together, without labels.
    """

    starts: int = setting(10, unit="starts of k-means", low=1)
    with_labels: ClassVar[bool] = True

    centres: Tensor

    def register_centres(self, feature_dim: int) -> None:
        self.register_buffer("centres", torch.zeros(self.classes, feature_dim))

    def cluster(self, training: TrainingSet) -> None:
        """Renew the centres."""
        assert self.unlabelled is not None
        labelled = F.normalize(embedded(Features(self), training.plain()))
        unlabelled = F.normalize(embedded(Features(self), training.plain(self.unlabelled)))
        labels = training.labels
        if not self.with_labels:
            unlabelled = torch.cat([labelled, unlabelled])
            labelled, labels = labelled[:0], labels[:0]
        centres, _ = semi_supervised_kmeans(unlabelled, labelled, labels, self.classes, starts=self.starts)
        self.centres.copy_(centres)

    def prototypes(self) -> Tensor:
        return self.centres

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return torch.cdist(F.normalize(self.features(inputs)), self.centres).argmin(1)


class Features(nn.Module):
    """A method's `features` as a network."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, inputs: Tensor) -> Tensor:
        return self.method.features(inputs)


class Pretrained(Discoverer):
    """The encoder of the base, of which all but the first `frozen_blocks` go on training; two views of each image."""

    builds_on: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("base_encoder == encoder", "base_shape[0] == shape[0]")
    views = ("full", "full")

    frozen_blocks: int = setting(0, unit="blocks of the encoder", low=0)

    def build(self, context: Context) -> None:
        super().build(context)
        assert context.base is not None
        self.encoder = copy.deepcopy(context.base.encoder).requires_grad_(True)
        for block in self.frozen():
            block.requires_grad_(False)

    def frozen(self) -> Sequence[nn.Module]:
        """The encoder's blocks that stay the base's, batch statistics included."""
        return list(self.encoder.get_submodule("blocks").children())[: self.frozen_blocks] if self.frozen_blocks else []

    def train(self, mode: bool = True) -> "Pretrained":
        super().train(mode)
        for block in self.frozen():
            block.eval()
        return self

    def images(self, batch: Batch) -> Tensor:
        """(2 (B + M), ...): the first view of all images, labelled ones first, before the second."""
        pairs = zip(batch.views, batch["unlabelled"].views, strict=True)
        return torch.cat([view for pair in pairs for view in pair])


class PretrainedDiscoverer(Pretrained):
    """A batch has B labelled images and as many unlabelled ones, and a projection head g follows the encoder.

    All views of a step pass the encoder together. `contrast` is L_rep of Vaze et al. (2022), equation 3, with which
    most members begin: (1 - lambda) InfoNCE over all images + lambda SupCon over the labelled ones. Temperatures are
    those of the authors' code, 1.0 and 0.07, and so is lambda, 0.35; the text's temperatures could not be confirmed.
    """

    uses_labels = True
    training_only: ClassVar[tuple[str, ...]] = ("projector",)

    projection_hidden: int = setting(256, unit="units", low=1)
    projection_dim: int = setting(64, unit="units", low=1)
    supervised_weight: float = setting(0.35, low=0.0, high=1.0)
    unsupervised_temperature: float = setting(1.0, unit="cosine", low=1e-3)
    supervised_temperature: float = setting(0.07, unit="cosine", low=1e-3)

    projector: nn.Module

    def build(self, context: Context) -> None:
        super().build(context)
        self.projector = mlp([context.feature_dim, self.projection_hidden, self.projection_dim])

    def encoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Features (2 (B + M), F), the first view of all images before the second, and labels (B + M,), -1 for none.

        In each view labelled images come first.
        """
        return self.encoder(self.images(batch)), torch.cat([batch.labels, batch["unlabelled"].labels])

    def contrast(self, features: Tensor, labels: Tensor) -> Tensor:
        """L_rep of features (2 N, F) of two views of N images and labels (N,), -1 for none."""
        views, known = self.projector(features).chunk(2), labels >= 0
        unsupervised = self.instance_contrast(*views)
        of_known = torch.cat([view[known] for view in views])
        supervised = self.class_contrast(of_known, labels[known].repeat(2))
        return (1 - self.supervised_weight) * unsupervised + self.supervised_weight * supervised

    def instance_contrast(self, first: Tensor, second: Tensor) -> Tensor:
        """InfoNCE of embeddings (N, D) of two views, not normalised."""
        positives, negatives = positives_and_negatives(first, second)
        logits = torch.cat([positives[:, None], negatives], 1) / self.unsupervised_temperature
        return (logits.logsumexp(1) - logits[:, 0]).mean()

    def class_contrast(self, z: Tensor, labels: Tensor) -> Tensor:
        """SupCon of embeddings (N, D), not normalised, with labels (N,)."""
        z = F.normalize(z.float())
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        positive = (labels[:, None] == labels) & ~itself
        return contrast_of_many(z @ z.T / self.supervised_temperature, positive, itself)


class Parametric(PretrainedDiscoverer):
    """Discoverers that answer with the nearest of K learned prototypes, by the cosine with the encoder's features.

    L = `contrast` + (1 - lambda) L_u + lambda CE, the last over the labelled images' logits z = cos / tau of all K
    prototypes, the first C of which are the old classes'. Members override `unsupervised`, L_u, which is of labelled
    and unlabelled images alike.
    """

    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    head: CosineLinear

    def build(self, context: Context) -> None:
        super().build(context)
        self.head = CosineLinear(context.feature_dim, self.classes)

    def loss(self, batch: Batch) -> Tensor:
        features, labels = self.encoded(batch)
        return self.total(features, labels, self.head(features))

    def total(self, features: Tensor, labels: Tensor, cosines: Tensor) -> Tensor:
        """L of features (2 N, F), cosines (2 N, K) of two views of N images and labels (N,), -1 for none."""
        known = (labels >= 0).repeat(2)
        supervised = F.cross_entropy(cosines[known] / self.temperature, labels.repeat(2)[known])
        weight = self.supervised_weight
        unsupervised = self.unsupervised(*cosines.chunk(2))
        return self.contrast(features, labels) + (1 - weight) * unsupervised + weight * supervised

    def prototypes(self) -> Tensor:
        return self.head.weight

    def unsupervised(self, first: Tensor, second: Tensor) -> Tensor:
        """L_u of the cosines (N, K) of two views of the batch's images; a scalar."""
        raise NotImplementedError

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return self.head(self.features(inputs)).argmax(1)


def crossed(first: Tensor, second: Tensor, targets: Sequence[Tensor]) -> Tensor:
    """Mean of H(q1, p2) and H(q2, p1) for logits (N, K) of two views and the targets (N, K) made of them."""
    losses = [F.cross_entropy(second, targets[0]), F.cross_entropy(first, targets[1])]
    return torch.stack(losses).mean()


def missing_entropy(logits: Tensor) -> Tensor:
    """log K - H(mean p), p the softmax of logits (N, K): 0 where the classes are alike on average."""
    return missing(logits.softmax(1).mean(0))


def missing(shares: Tensor) -> Tensor:
    """log K - H of shares (K,) that sum to 1."""
    return math.log(len(shares)) + torch.special.xlogy(shares, shares).sum()
