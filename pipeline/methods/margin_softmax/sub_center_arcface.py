"""A class has several centres and an example need only be near one, so that wrong labels get centres of their own."""

import math

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.ops.heads import CosineLinear


class SubCenterArcFace(ArcFace):
    """Section 3.3: ArcFace with cos theta_k = max_j cos(x, w_kj) over K sub-centres of each class k.

    K = 3 as in the authors' code; K = 1 is ArcFace. The gradient goes to the nearest sub-centre alone. Prediction is
    by the largest cosine, too.

    What the authors do next to clean data is measured once training is over: a class's dominant sub-centre is nearest
    to the most of its training images, and those further than `suspicion` from it are suspects. The paper drops them
    and trains a new ArcFace on the rest; that second training is not here.
    """

    paper = "arcface"
    sub_centres: int = setting(3, unit="centres per class", low=1)
    suspicion: float = setting(75.0, unit="degrees", low=0.0, high=180.0)

    phases = (1.0, 0.0)

    dominance: Tensor
    """(N,) cosines of the training images with the dominant sub-centres of their labels."""

    def build(self, context: Context) -> None:
        self.head = CosineLinear(context.feature_dim, context.num_classes * self.sub_centres)
        self.register_buffer("dominance", torch.zeros(context.train_examples))

    def cosines(self, features: Tensor) -> Tensor:
        """(B, classes, K) with every sub-centre."""
        return self.head(features).unflatten(1, (-1, self.sub_centres))

    def logits(self, features: Tensor) -> Tensor:
        return self.scale * self.cosines(features).amax(2)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 0:
            return
        self.encoder.eval()
        cosines = torch.cat([self.cosines(self.encoder(images)) for images in training.plain()])
        self.encoder.train()
        labels = training.labels
        own = cosines[torch.arange(len(labels), device=labels.device), labels]
        nearest = F.one_hot(own.argmax(1), self.sub_centres)
        counts = nearest.new_zeros(cosines.shape[1:]).index_add_(0, labels, nearest)
        dominant = counts.argmax(1)[labels]
        self.dominance.copy_(own.gather(1, dominant[:, None]).squeeze(1))

    def label_scores(self) -> Tensor:
        return self.dominance

    def suspects(self) -> Tensor:
        return self.dominance < math.cos(math.radians(self.suspicion))
