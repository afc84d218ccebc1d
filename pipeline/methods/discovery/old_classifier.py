"""A classifier of the old classes, to which every image is of one of them."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, torch
from pipeline.methods.discovery import PretrainedDiscoverer


class OldClassifier(PretrainedDiscoverer):
    """Cross-entropy of a linear head over the C old classes, on both views of the labelled images. Textbook.

    What labels of old classes alone say of new ones. Where all classes are old, it is the plain classifier.
    """

    paper = ""
    streams = {}

    head: nn.Module

    def build(self, context: Context) -> None:
        super().build(context)
        self.head = nn.Linear(context.feature_dim, self.old)

    def loss(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self.head(self.encoder(torch.cat(batch.views))), batch.labels.repeat(2))

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return self.head(self.features(inputs)).argmax(1)
