"""Classifiers that also learn between the classes, on Wasserstein geodesics from one class's images to another's."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Inputs, Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import evaluating
from pipeline.ops.geodesics import Geodesics, between


class Geodesic(Classifier):
    """Beside the loss of the images, something of the geodesics between the classes of a batch. Members override
    `along`.

    In a batch the classes meet in random couples; where their number is odd, one stays alone. The paper's equations
    could not be read: that the images of a couple are paired exactly by squared distances of raw values, and that the
    path is searched and measured at `grid` places in evaluation mode, is our reading of its summary.
    """

    inputs: Inputs
    grid: int = setting(5, low=2)
    """Places on a geodesic, its ends among them."""
    transport: bool = setting(True)
    """False pairs images at random, as mixup does between two classes."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs = context.inputs

    def along(self, geodesics: Geodesics) -> Tensor:
        """What is added to the loss; a scalar."""
        raise NotImplementedError

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        classes = batch.labels.unique()
        count = len(classes) // 2
        couples = classes[torch.randperm(len(classes), device=classes.device)][: 2 * count].view(count, 2)
        if not count:
            return loss
        return loss + self.along(between(batch.views[0], batch.labels, couples, self.inputs, self.transport))

    def curve(self, geodesics: Geodesics) -> Tensor:
        """(grid, C) losses along the geodesics, in evaluation mode."""
        with evaluating(self):
            return geodesics.curve(lambda views: self.logits(self.encoder(views)), self.grid)
