"""Classifiers that begin with the encoder of another run, trained without labels, and go on training it."""

import copy
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Context, Tensor
from pipeline.methods.classifier import Classifier


class PretrainedClassifier(Classifier):
    """The encoder f of the base with a fresh linear head, both trained by cross-entropy. Members override `loss`.

    Neither the base's projection heads nor its optimiser's state are taken over.
    """

    builds_on: ClassVar[bool] = True
    requires = ("base_encoder == encoder", "base_shape[0] == shape[0]")

    def build(self, context: Context) -> None:
        super().build(context)
        assert context.base is not None
        self.encoder = copy.deepcopy(context.base.encoder).requires_grad_(True)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)
