"""A trained classifier's linear head is replaced by Gaussian naive Bayes on its features: no head is trained."""

import copy
from typing import Self

import torch

from pipeline.contract import Context, Tensor, TrainingSet
from pipeline.methods.classifier import Classifier
from pipeline.ops.naive_bayes import NaiveBayes, fit, log_joint


class NaiveBayesHead(Classifier):
    """log p(k, x) = log p(k) - sum_j (x_j - mu_kj)^2 / (2 sigma_j^2), less a term in x that all classes share.

    Means by class, one variance per feature for all classes (`pipeline/ops/naive_bayes.py` has the details) and class
    frequencies are those of the training images, not augmented, under the frozen encoder of the study's base. In
    float64; log-probabilities end at -1e9, so that a class without training images has a finite one.
    """

    paper = "discriminative_vs_generative"
    trains = False
    builds_on = True
    requires = ("base_encoder == encoder", "base_shape[0] == shape[0]")

    def build(self, context: Context) -> None:
        assert context.base is not None
        self.encoder = copy.deepcopy(context.base.encoder)
        classes, features = context.num_classes, context.feature_dim
        shapes = ((features,), (features,), (classes, features), (classes,))
        for name, shape in zip(NaiveBayes._fields, shapes, strict=True):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.encoder.eval()
        return self

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        features = torch.cat([self.encoder(images) for images in training.plain()])
        for name, value in fit(features, training.labels, len(self.get_buffer("offsets")))._asdict().items():
            self.get_buffer(name).copy_(value)

    def logits(self, features: Tensor) -> Tensor:
        fitted = NaiveBayes(*(self.get_buffer(name) for name in NaiveBayes._fields))
        return log_joint(features, fitted).log_softmax(1).clamp_min(-1e9).float()
