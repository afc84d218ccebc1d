"""Maximum likelihood: the reference that the other losses are compared with."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.classifier import Classifier


class CrossEntropy(Classifier):
    """L = -log p_y with p = softmax(z), averaged over the batch. Textbook; no paper of the catalogue is its source."""

    paper = ""

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)
