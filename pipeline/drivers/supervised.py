"""Classifiers: trained by the loop, read off by their logits on the test split."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.drivers import Evaluation, Job, class_counts
from pipeline.drivers.loop import fit
from pipeline.drivers.reading import answers, finite
from pipeline.methods.classifier import Classifier
from pipeline.metrics.classification import classification_metrics, margins, noise_metrics, top1_by_frequency
from pipeline.metrics.geometry import geometry


def train(
    job: Job, state: Path, seconds_between_checkpoints: float, report: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Train by the loop; with `watch` each epoch's row has `test_top1`."""

    @torch.no_grad()
    def watch() -> dict[str, float]:
        right = logits(job, job.data.test_images).argmax(1) == job.data.test_labels
        return {"test_top1": 100 * float(right.double().mean())}

    return fit(job, state, seconds_between_checkpoints, report, watch if job.settings["watch"] else None)


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Top-1, NLL, calibration and per-class accuracy on the test split; the geometry of the features.

    With `imbalance` the accuracy of frequent and rare classes; with `label_noise` what became of the wrong labels;
    with `watch` also `top1_best`, that of the best epoch by test accuracy, which nobody can choose in practice.
    """
    data = job.data
    found = predict(job, data.test_images)
    metrics, arrays = classification_metrics(found, data.test_labels, data.class_names)
    examples = {name: values for name, values in arrays.items() if name in metrics}
    counts = class_counts(data)
    facts: dict[str, Any] = {"class_counts": counts}
    if job.settings["imbalance"]:
        shares, of_examples = top1_by_frequency(examples["top1"], data.test_labels, counts)
        metrics |= shares
        examples |= of_examples
    if job.settings["watch"]:
        metrics["top1_best"] = max(row["test_top1"] for row in job.history)
    if job.settings["label_noise"]:
        method = job.method
        assert isinstance(method, Classifier)
        given = predict(job, data.train_images)
        scores = method.label_scores()
        scores = margins(given, data.train_labels) if scores is None else scores
        wrong = data.train_labels != data.true_labels
        metrics |= noise_metrics(given.argmax(1) == data.train_labels, wrong, scores, method.suspects())
        facts["label_noise"] = float(wrong.double().mean())
    metrics |= geometry(
        features(job, data.train_images), data.train_labels, features(job, data.test_images), data.test_labels
    )
    arrays = {"labels": data.test_labels, **{name: v for name, v in arrays.items() if name not in examples}}
    # values whose mean is a metric go by the name that the exhibits pair them by
    arrays |= {f"example_{name}": values for name, values in examples.items()}
    return Evaluation(metrics, arrays, data=facts)


def predict(job: Job, images: Tensor) -> Tensor:
    """(N, K) finite logits of uint8 images (N, C, H, W)."""
    return finite(logits(job, images), "logits")


def logits(job: Job, images: Tensor) -> Tensor:
    method = job.method
    assert isinstance(method, Classifier)
    return answers(job, images, lambda plain: method.logits(method.encoder(plain)))


def features(job: Job, images: Tensor) -> Tensor:
    """(N, F) representations of uint8 images (N, C, H, W)."""
    return finite(answers(job, images, job.method.features), "features")
