"""Scores of a trained classifier: nothing is trained, the base run's checkpoint is read."""

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.datasets import Prepared
from pipeline.datasets.outliers import outliers
from pipeline.drivers import Diverged, Evaluation, Job
from pipeline.methods.classifier import Classifier
from pipeline.methods.ood_score import OODScore, Validation
from pipeline.metrics.detection import detection_metrics
from pipeline.settings import Augmentation


def evaluate(job: Job, model: Classifier, load: Callable[[str], Prepared]) -> Evaluation:
    """Fit the score on validation data, then score the test split and every set of test outliers.

    load: prepared data sets by key, for outliers that are data sets.
    """
    data, method = job.data, job.method
    assert isinstance(method, OODScore)
    plain = Augment(Augmentation(), data.shape, data.mean, data.std)
    unused = job.generator("plain")

    def inputs(images: Tensor) -> Tensor:
        return plain(images.to(job.device.torch), "plain", unused)

    def made(name: str, known: Tensor, purpose: str, count: int | None = None) -> Tensor:
        if name == "held_out":
            return data.held_out_images[:count]
        # drawn on the CPU and brought to the device, so that every device scores the same outliers
        return outliers(name, known.cpu(), count or len(known), job.generator("outliers", purpose, name), load)

    method.attach(model)
    valid = [made(name, data.valid_images, "validation") for name in job.settings["validation_outliers"]]
    choices = method.fit(
        Validation(
            train_inputs=inputs(data.train_images),
            train_labels=data.train_labels,
            known=inputs(data.valid_images),
            std=torch.tensor(data.std, device=job.device.torch),
            unknown=inputs(torch.cat(valid)) if valid else inputs(data.valid_images[:0]),
        )
    )
    with torch.no_grad():
        known = method.scores(inputs(data.test_images))
        unknown = {
            name: method.scores(inputs(made(name, data.test_images, "test", job.settings["outlier_examples"])))
            for name in job.settings["outliers"]
        }
    if not all(scores.isfinite().all() for scores in (known, *unknown.values())):
        raise Diverged("scores are not finite")
    metrics, examples = detection_metrics(known, unknown)
    arrays = {"labels": data.test_labels, "score_known": known}
    arrays |= {f"score_{name}": scores for name, scores in unknown.items()}
    arrays |= {f"example_{name}": values for name, values in examples.items()}
    return Evaluation(metrics, arrays, choices)
