"""SP2OT: clusters of unknown sizes are filled little by little, the surest images first and neighbours together."""

import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.discovery import Features, Pretrained, crossed
from pipeline.ops.heads import CosineLinear
from pipeline.ops.kmeans import embedded
from pipeline.ops.partial_transport import among, nearest_by_kernel, semantic_plan


class SP2OT(Pretrained):
    """L = sum over both views of H(N Q', p), p = softmax(10 cos) and Q' the plan of the other view; without a label.

    Q minimises <Q, -log P> + gamma KL(Q^T 1, rho/K 1) - lambda (1 - rho) <S, Q Q^T> - epsilon H(Q) over the batch and
    the latest predictions of some more images, with rows of at most 1/N and mass rho (`ops/partial_transport`), so that
    images that are left out do not count. rho = rho_0 + (1 - rho_0) exp(-5 (1 - t)^2) over training. S is a Gaussian
    kernel, of width 2, of the base's features, between an image and its 20 nearest.

    lambda is the authors' 1000. The weight of neighbours, lambda over the number of images, is the same whatever N is:
    they have some 11,000 images of CIFAR-100. Their memory begins with predictions of the first images, here of random
    ones; they take the epoch with the least loss over rho, here the last. Without labels, labelled and unlabelled
    images are in a batch in proportion to their numbers. rho_0 = 1, lambda = 0 and a large gamma make all clusters
    alike. Scalings go on from round to round and from step to step, so that few iterations of each do.
    """

    paper = "sp2ot"
    training_only = ("nearest", "likeness", "memory", "places", "scalings")

    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    epsilon: float = setting(0.1, low=1e-3)
    relaxation: float = setting(1.0, low=1e-6)
    semantic_weight: float = setting(1000.0, low=0.0)
    first_mass: float = setting(0.1, unit="share of the images", low=1e-3, high=1.0)
    neighbours: int = setting(20, unit="images", low=1)
    kernel_width: float = setting(2.0, low=1e-3)
    memory_batches: int = setting(10, unit="batches", low=1)
    rounds: int = setting(100, low=1)
    iterations: int = setting(1000, unit="a round", low=1)

    nearest: Tensor
    likeness: Tensor
    memory: Tensor
    places: Tensor
    scalings: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.labelled = context.train_examples
        images = self.labelled + len(context.streams["unlabelled"])
        self.share, size = self.labelled / images, min(images, 2 * self.memory_batches * context.batch_size)
        self.head = CosineLinear(context.feature_dim, self.classes)
        self.register_buffer("nearest", torch.zeros(images, min(self.neighbours, images - 1), dtype=torch.long))
        self.register_buffer("likeness", torch.zeros(self.nearest.shape))
        self.register_buffer("memory", torch.zeros(size, self.classes))
        self.register_buffer("places", torch.zeros(size, dtype=torch.long))
        self.register_buffer("scalings", torch.full((self.classes + 1,), 1 / (self.classes + 1), dtype=torch.float64))

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        labelled = min(max(1, round(2 * batch_size * self.share)), self.labelled)
        return {"train": labelled, "unlabelled": 2 * batch_size - labelled}

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        features = torch.cat([embedded(Features(self), training.plain(part)) for part in (None, self.unlabelled)])
        nearest, likeness = nearest_by_kernel(features, self.kernel_width, self.nearest.shape[1])
        self.nearest.copy_(nearest)
        self.likeness.copy_(likeness)
        self.places.copy_(torch.randperm(len(features))[: len(self.places)])
        self.memory.copy_(self.head(features[self.places]) / self.temperature)

    def mass(self) -> float:
        return self.first_mass + (1 - self.first_mass) * math.exp(-5 * (1 - self.progress) ** 2)

    def loss(self, batch: Batch) -> Tensor:
        views = (self.head(self.encoder(self.images(batch))) / self.temperature).chunk(2)
        new = torch.cat([batch.indices, batch["unlabelled"].indices + self.labelled])
        count, mass, scalings = len(new), self.mass(), self.scalings
        places = torch.cat([self.places[count:], new])
        alike, targets = among(places, self.nearest, self.likeness), []
        for view in views:
            logits = torch.cat([self.memory[count:], view.detach()])
            plan, scalings = semantic_plan(
                -F.log_softmax(logits, 1),
                alike,
                self.semantic_weight * (1 - mass),
                mass,
                epsilon=self.epsilon,
                relaxation=self.relaxation,
                iterations=self.iterations,
                rounds=self.rounds,
                tolerance=1e-6,
                start=scalings,
            )
            targets.append(len(places) * plan[-count:].float())
        self.latest = (places, logits, scalings)
        return 2 * crossed(views[0], views[1], targets)

    def after_step(self) -> None:
        places, logits, scalings = self.latest
        self.places.copy_(places[-len(self.places) :])
        self.memory.copy_(logits[-len(self.memory) :])
        self.scalings.copy_(scalings)

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return self.head(self.features(inputs)).argmax(1)

    def prototypes(self) -> Tensor:
        return self.head.weight
