"""GPC: classes are counted while features are learned, by splitting and merging the clusters that they learn from."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.discovery import Features, PretrainedDiscoverer
from pipeline.ops.kmeans import embedded
from pipeline.ops.normal_inverse_wishart import Prior
from pipeline.ops.principal import principal
from pipeline.ops.prototype_spread import spread
from pipeline.ops.semi_supervised_kmeans import semi_supervised_kmeans
from pipeline.ops.split_and_merge import split_and_merge


class GPC(PretrainedDiscoverer):
    """L = `contrast` + w sum over views of CE(f mu / phi, c): unit features f are drawn to the prototype of their
    cluster.

    E-step, before every epoch after the first and once more at the end: semi-supervised k-means into the K clusters so
    far, at first as many as it is told; each that has no label is split in two by k-means with probability
    min(1, H_s), H_s = Gamma(N_1) h(X_1) Gamma(N_2) h(X_2) / (Gamma(N) h(X)), or else merged with the nearest by the
    inverse, h the marginal likelihood under a normal-inverse-Wishart prior (kappa 1e-4, nu = D + 1, Psi = 0.005 I). All
    images then join the nearest mean, labelled ones their class. phi is a cluster's mean distance over log(N + 10),
    between its 10th and 90th percentile over clusters, scaled to a mean of 1. An image's cluster is the nearest mean.

    As in the text K goes on from epoch to epoch, a merge makes one of two, and H decides. In the authors' released code
    every epoch begins with the same K, merged clusters stay beside their mean, and what H refuses happens with
    probability 0.1. Assignments are hard, as there. The text clusters the first principal components of its features,
    whose number could not be confirmed; the code takes all 768 entries, and so does this, up to `components`: of 4 to
    64, tried on the labels of a study's images, none was better.
    """

    paper = "gpc"
    training_only = ("projector", "assigned", "spread")
    phases = (1.0, 0.0)

    prototype_weight: float = setting(1.0, low=0.0)
    warmup_epochs: int = setting(1, unit="epochs", low=0)
    components: int = setting(768, unit="principal components", low=1)
    prior_kappa: float = setting(1e-4, low=1e-9)
    prior_scale: float = setting(0.005, low=1e-9)
    starts: int = setting(4, unit="starts of k-means", low=1)

    centres: Tensor
    spread: Tensor
    """phi."""
    assigned: Tensor
    count: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.seed, self.epochs = context.seed, context.epochs
        self.labelled, self.most = context.train_examples, 3 * self.classes
        self.register_buffer("centres", torch.zeros(self.most, context.feature_dim))
        self.register_buffer("spread", torch.ones(self.most))
        self.register_buffer(
            "assigned", torch.zeros(self.labelled + len(context.streams["unlabelled"]), dtype=torch.long)
        )
        self.register_buffer("count", torch.tensor(self.classes))

    def renew(self, epoch: int, training: TrainingSet) -> None:
        if self.phase == 0 and epoch >= self.warmup_epochs:
            self.estimate(training, epoch)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            self.estimate(training, self.epochs)

    def estimate(self, training: TrainingSet, epoch: int) -> None:
        """The E-step before an epoch, whose draws depend on nothing else."""
        generator = torch.Generator().manual_seed(self.seed + epoch)
        known, rest = (
            F.normalize(embedded(Features(self), training.plain(inputs))) for inputs in (None, self.unlabelled)
        )
        labels, features = training.labels, torch.cat([known, rest])
        _, numbers = semi_supervised_kmeans(
            rest, known, labels, int(self.count), starts=self.starts, generator=generator
        )
        points = principal(features, self.components)
        prior = Prior(points.mean(0), self.prior_kappa, points.shape[1] + 1, self.prior_scale)
        numbers = split_and_merge(
            points, torch.cat([labels, numbers]), self.old, prior, most=self.most, generator=generator
        )
        count = int(numbers.max()) + 1
        members = F.one_hot(numbers, count).T.to(features.dtype)
        means = members @ features / members.sum(1, keepdim=True)
        numbers = torch.cdist(features, means).argmin(1)
        numbers[: len(labels)] = labels
        self.count.fill_(count)
        self.assigned.copy_(numbers)
        self.centres[:count] = F.normalize(means)
        self.spread[:count] = spread(features, means, numbers)

    def loss(self, batch: Batch) -> Tensor:
        features, labels = self.encoded(batch)
        loss = self.contrast(features, labels)
        if not self.centres.any():
            return loss
        places = torch.cat([batch.indices, batch["unlabelled"].indices + self.labelled])
        logits = F.normalize(features) @ self.prototypes().T / self.spread[: int(self.count)]
        return loss + self.prototype_weight * F.cross_entropy(logits, self.assigned[places].repeat(2))

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return (self.features(inputs) @ self.prototypes().T).argmax(1)

    def prototypes(self) -> Tensor:
        return self.centres[: int(self.count)]

    def found_clusters(self) -> int:
        return int(self.count)
