"""Frequent classes are split into subclasses as small as the rare classes, and contrast works on both levels."""

import math
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.contrastive_classifier import ContrastiveClassifier
from pipeline.ops.evenly import evenly
from pipeline.ops.kmeans import embedded, kmeans
from pipeline.ops.similarity import contrast_of_many


class SBCL(ContrastiveClassifier):
    """L = L_sub + beta L_class, means over anchors i, the 2B unit embeddings of two views.

    L_sub is SupCon with the subclass as label, at tau. L_class has as positives the embeddings of i's class in other
    subclasses and i's other view, as negatives the other classes, and leaves out the rest of i's subclass; its
    temperature is tau_c = tau d_c / mean(d), d_c the mean distance of class c to its centre over log(n_c + 10), clipped
    to the 20th and 80th percentiles, and tau for classes of one subclass. A class of n examples has n // M subclasses,
    M the rarest class's count but at least `least`. They are clustered anew every `interval` epochs; in those before
    the first clustering the loss is SupCon's.

    After the authors' code for CIFAR; the text beyond the abstract could not be read. Its tau, beta, `least` and
    `interval` (of 1,000 epochs). Its factor tau / 0.07 on L_sub is left out. There k-means runs on embeddings computed
    in evaluation mode, balanced or, by default, not; here on those remembered from the steps of the last epoch (the
    mean of both views), then each subclass gets the same number of examples, as the abstract's similar sizes ask. Its
    classifiers are class-balanced or LDAM; here the family's.
    """

    paper = "sbcl"
    training_only: ClassVar[tuple[str, ...]] = ("labels", "memory", "subclasses", "temperatures")
    beta: float = setting(0.25, low=0.0)
    least: int = setting(10, unit="examples of a subclass", low=1)
    interval: int = setting(10, unit="epochs", low=1)

    memory: Tensor
    """(N, D) unit embeddings of the training set."""
    subclasses: Tensor
    """(N,) numbered through all classes."""
    temperatures: Tensor
    """(K,) tau_c."""
    epoch: int = 0

    def build(self, context: Context) -> None:
        super().build(context)
        size = max(min(n for n in context.class_counts if n), self.least)
        self.counts = [max(1, n // size) for n in context.class_counts]
        self.seed = context.seed
        self.register_buffer("memory", torch.zeros(context.train_examples, self.projection_dim))
        self.register_buffer("subclasses", torch.zeros(context.train_examples, dtype=torch.int64))
        self.register_buffer("temperatures", torch.full((context.num_classes,), self.temperature))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        if phase == 0:  # an epoch leaves out an incomplete batch: those examples have an embedding too
            network = nn.Sequential(self.encoder, self.projector)
            self.memory.copy_(F.normalize(embedded(network, training.plain())))

    def start_epoch(self, epoch: int) -> None:
        super().start_epoch(epoch)
        self.epoch = epoch
        if self.phase == 0 and epoch and epoch % self.interval == 0:
            self.cluster(torch.Generator().manual_seed(self.seed + epoch))

    @torch.no_grad()
    def cluster(self, generator: torch.Generator) -> None:
        """Renew subclasses and temperatures from the remembered embeddings."""
        spread = torch.zeros_like(self.temperatures)
        first = 0
        for c, count in enumerate(self.counts):
            places = (self.labels == c).nonzero().squeeze(1)
            points = self.memory[places]
            if len(points):
                centres, _ = kmeans(points, count, iterations=35, generator=generator)
                self.subclasses[places] = first + evenly(points, centres)
                spread[c] = (points - points.mean(0)).norm(dim=1).mean() / math.log(len(points) + 10)
            first += count
        # classes that have collapsed to a point would divide by zero
        spread = spread.clamp(*spread.quantile(spread.new_tensor([0.2, 0.8]))).clamp_min(1e-6)
        whole = torch.tensor([count == 1 for count in self.counts], device=spread.device)
        self.temperatures.copy_((self.temperature * spread / spread.mean()).masked_fill(whole, self.temperature))

    def contrast(self, batch: Batch, *z: Tensor) -> Tensor:
        unit = F.normalize(torch.cat(z).float())
        with torch.no_grad():
            self.memory[batch.indices] = F.normalize(sum(unit.chunk(2)))  # type: ignore[arg-type]
        if self.epoch < self.interval:
            return super().contrast(batch, *z)
        labels, subclasses = batch.labels.repeat(2), self.subclasses[batch.indices].repeat(2)
        same_class, same_subclass = labels[:, None] == labels, subclasses[:, None] == subclasses
        itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
        twin = itself.roll(len(batch.labels), 0)
        cosines = unit @ unit.T
        fine = contrast_of_many(cosines / self.temperature, same_subclass & ~itself, itself)
        related = (same_class & ~same_subclass) | twin
        coarse = contrast_of_many(cosines / self.temperatures[labels, None], related, same_subclass & ~twin)
        return fine + self.beta * coarse
