"""BaCon: one network's clusters say how large classes are, and another one's classifier which images go together."""

import copy
from collections.abc import Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.discovery import Clustered, Features, missing
from pipeline.methods.discovery.simgcd import SimGCD
from pipeline.ops.class_counts import estimated_counts, surest, weighted_contrast
from pipeline.ops.kmeans import embedded
from pipeline.ops.semi_supervised_kmeans import semi_supervised_kmeans


class BaCon(Clustered, SimGCD):
    """SimGCD's two losses in two encoders, L_contrast in one and L_classify in the other, each advised by the other.

    Classifier: log K - H(m), m_k proportional to the mean of p_k over n_k^1.1, in place of a uniform mean. n_k are
    sizes of clusters of the contrasted features, by k-means every 10 epochs: those that match old classes in the order
    of these classes' labelled images, the others by size (`ops/class_counts`). Contrast: (1 - lambda) InfoNCE +
    lambda/2 SupCon + lambda/2 soft SupCon, from the second epoch on. That is over the labelled images and, of the
    unlabelled ones predicted c, a share (min n / n_c)^beta, the surest; pairs weigh P_i P_j, views of one image 1; P is
    the mean over views of softmax(z - 0.5 log n / sum n). beta is 0.5, and 0 (alpha) for classes that the batch has
    labels of, as in the authors' scripts. P stands for labelled images as well.

    Both losses are minimised together, since neither has gradients in the other's encoder. Images are told apart by
    semi-supervised k-means, as GCD's; the code has plain k-means, and takes the epoch that is best on test images.
    """

    paper = "bacon"
    training_only = ("projector", "partner", "head")
    phases = (1.0, 0.0)

    entropy_weight: float = setting(1.0, low=0.0)
    size_power: float = setting(1.1, low=0.0)
    debias: float = setting(0.5, low=0.0)
    soft_weight: float = setting(0.5, unit="share of lambda", low=0.0, high=1.0)
    known_power: float = setting(0.0, low=0.0)
    rest_power: float = setting(0.5, low=0.0)
    warmup_epochs: int = setting(1, unit="epochs", low=0)
    estimate_every: int = setting(10, unit="epochs", low=1)

    counts: Tensor
    epoch = 0

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_centres(context.feature_dim)
        self.register_buffer("counts", torch.ones(self.classes))
        self.seed, self.partner = context.seed, copy.deepcopy(self.encoder)

    def frozen(self) -> Sequence[nn.Module]:
        if not self.frozen_blocks or not hasattr(self, "partner"):
            return super().frozen()
        return [*super().frozen(), *list(self.partner.get_submodule("blocks").children())[: self.frozen_blocks]]

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            self.cluster(training)

    def renew(self, epoch: int, training: TrainingSet) -> None:
        if self.phase or epoch % self.estimate_every:
            return
        parts = [F.normalize(embedded(Features(self), training.plain(part))) for part in (None, self.unlabelled)]
        features, labels = torch.cat(parts), training.labels
        nothing, generator = (features[:0], labels[:0]), torch.Generator().manual_seed(self.seed + epoch)
        _, clusters = semi_supervised_kmeans(features, *nothing, self.classes, starts=self.starts, generator=generator)
        labels = torch.cat([labels, labels.new_full((len(parts[1]),), -1)])
        self.counts.copy_(estimated_counts(clusters, labels, self.classes, self.old).clamp_min(1))

    def class_shares(self) -> Tensor:
        return self.counts / self.counts.sum()

    def loss(self, batch: Batch) -> Tensor:
        features, labels = self.encoded(batch)
        cosines = self.head(self.partner(self.images(batch)))
        first, second = F.normalize(self.projector(features)).chunk(2)
        known, weight = labels >= 0, self.supervised_weight
        alike = self.class_contrast(torch.cat([first[known], second[known]]), labels[known].repeat(2))
        if self.epoch >= self.warmup_epochs:
            soft = self.soft_contrast(first, second, labels, self.answers(cosines.detach()))
            alike = (1 - self.soft_weight) * alike + self.soft_weight * soft
        contrast = (1 - weight) * self.instance_contrast(first, second) + weight * alike
        supervised = F.cross_entropy(cosines[known.repeat(2)] / self.temperature, labels[known].repeat(2))
        return contrast + (1 - weight) * self.unsupervised(*cosines.chunk(2)) + weight * supervised

    def unevenness(self, logits: Tensor) -> Tensor:
        mean = logits.softmax(1).mean(0) / self.counts**self.size_power
        return missing(mean / mean.sum())

    def answers(self, cosines: Tensor) -> Tensor:
        """P (N, K) of the cosines (2 N, K) of two views."""
        prior = self.debias * self.class_shares().log()
        return torch.stack((cosines / self.temperature - prior).softmax(1).chunk(2)).mean(0)

    def soft_contrast(self, first: Tensor, second: Tensor, labels: Tensor, answers: Tensor) -> Tensor:
        """Of unit embeddings (N, D) of two views, labels (N,), -1 for none, and P (N, K)."""
        rarity, known = self.counts.min() / self.counts, labels >= 0
        rates, there = rarity**self.rest_power, labels[known].unique()
        rates[there] = rarity[there] ** self.known_power
        chosen = known.clone()
        chosen[~known] = surest(*answers[~known].max(1), rates)
        weights = answers[chosen] @ answers[chosen].T
        weights.fill_diagonal_(1.0)
        z = torch.cat([first[chosen], second[chosen]])
        return weighted_contrast(z @ z.T / self.supervised_temperature, weights.repeat(2, 2))
