"""Classifiers: trained by the loop, read off by their logits on the test split."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from pipeline.methods.classifier import Classifier
from pipeline.ops.class_scores import margins
from pipeline.ops.geometry import class_means
from pipeline.training import evidence
from pipeline.training.evidence import answers, finite, outputs
from pipeline.training.job import Job, unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole


@torch.no_grad()
def watch(job: Job) -> dict[str, float]:
    """`test_top1`, for what the best epoch would have given, which nobody can choose in practice."""
    job.method.eval()
    right = outputs(job, job.data.test_inputs, _reader(job)).argmax(1) == job.data.test_labels
    return {"test_top1": 100 * float(right.double().mean())}


class Evidence(evidence.Evidence):
    @cached_property
    def logits(self) -> Tensor:
        """(N, K) of the test split."""
        return logits(self.job, self.job.data.test_inputs)

    @cached_property
    def log_probabilities(self) -> Tensor:
        """(N, K) float64."""
        return self.logits.double().log_softmax(1)

    @cached_property
    def _most_likely(self) -> tuple[Tensor, Tensor]:
        confidence, predictions = self.probabilities.max(1)
        return confidence, predictions

    @cached_property
    def probabilities(self) -> Tensor:
        """(N, K) float64."""
        return self.log_probabilities.exp()

    @property
    def confidence(self) -> Tensor:
        """(N,) float64: the greatest probability."""
        return self._most_likely[0]

    @property
    def predictions(self) -> Tensor:
        """(N,) int64."""
        return self._most_likely[1]

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Training examples of each class by the labels given."""
        return self.job.data.class_counts

    @property
    def watched(self) -> list[float] | None:
        """Test accuracy after each epoch; None unless the study watches."""
        return [row["test_top1"] for row in self.history] if self.job.settings["watch"] else None

    @cached_property
    def train_logits(self) -> Tensor:
        return logits(self.job, self.job.data.train_inputs)

    @property
    def train_predictions(self) -> Tensor:
        """(M,) int64."""
        return self.train_logits.argmax(1)

    @property
    def train_labels(self) -> Tensor:
        """(M,) as the method saw them."""
        return self.job.data.train_labels

    @property
    def wrong_labels(self) -> Tensor | None:
        """(M,) bool: which training labels noise has made wrong; None without noise."""
        data = self.job.data
        return data.train_labels != data.true_labels if self.job.settings["label_noise"] else None

    @property
    def label_scores(self) -> Tensor:
        """(M,) how surely each training example is labelled rightly, by the method or else by the margin."""
        scores = _classifier(self.job).label_scores()
        return margins(self.train_logits, self.train_labels) if scores is None else finite(scores, "label scores")

    @property
    def suspects(self) -> Tensor | None:
        """(M,) bool: the training examples that the method has taken to be wrongly labelled."""
        return _classifier(self.job).suspects()

    @cached_property
    def features(self) -> Tensor:
        """(N, F) of the test split."""
        return answers(self.job, self.job.data.test_inputs, self.job.method.features, "features")

    @cached_property
    def train_features(self) -> Tensor:
        return answers(self.job, self.job.data.train_inputs, self.job.method.features, "features")

    @cached_property
    def class_means(self) -> Tensor:
        """(K', F) float64 means of the training features of each class that occurs."""
        return class_means(self.train_features, self.train_labels)

    def facts(self) -> dict[str, Any]:
        wrong = self.wrong_labels
        noise = {} if wrong is None else {"label_noise": float(wrong.double().mean())}
        return {"class_counts": list(self.class_counts), **noise}

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "predictions": self.predictions, "confidence": self.confidence}


def logits(job: Job, inputs: Tensor) -> Tensor:
    """(N, K) finite logits of raw inputs."""
    return answers(job, inputs, _reader(job), "logits")


def _reader(job: Job) -> Callable[[Tensor], Tensor]:
    """What makes logits (B, K) of plain views."""
    method = _classifier(job)
    return lambda plain: method.logits(method.encoder(plain))


def _classifier(job: Job) -> Classifier:
    assert isinstance(job.method, Classifier)
    return job.method
