"""Encoders pretrained without labels: trained by the loop, judged by what their frozen features are good for."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.drivers import Diverged, Evaluation, Job
from pipeline.drivers.loop import fit
from pipeline.metrics import representation
from pipeline.settings import Augmentation, Probe

train = fit


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Probes on the labelled training images' features, and the geometry of the test split's.

    Accuracies in percent: linear probe and naive Bayes, with all labels and with shares of them, k-NN, and the linear
    probe on further features of the method, of which uniformity and tolerance are measured too.
    """
    data, probe = job.data, Probe.model_validate(job.settings["probe"])
    labels, classes = data.labelled_labels, len(data.class_names)
    bank, test = features(job, data.labelled_images), features(job, data.test_images)
    logits = representation.linear_probe(bank, labels, test, classes, probe)
    predictions = {
        "linear_top1": logits.argmax(1),
        "knn_top1": representation.knn_predict(bank, labels, test, probe.neighbours, classes),
        "naive_bayes_top1": representation.naive_bayes(bank, labels, test, classes).argmax(1),
    }
    for share in probe.label_fractions:
        name = representation.share_name(share)
        few = representation.label_fraction(labels, share, job.generator("labels"))
        with_few = bank[few], labels[few], test, classes
        predictions[f"linear_top1_{name}"] = representation.linear_probe(*with_few, probe).argmax(1)
        predictions[f"naive_bayes_top1_{name}"] = representation.naive_bayes(*with_few).argmax(1)
    further = further_features(job, data.labelled_images), further_features(job, data.test_images)
    for name in further[0]:
        found = representation.linear_probe(further[0][name], labels, further[1][name], classes, probe)
        predictions[f"linear_top1_{name}"] = found.argmax(1)
    augment = Augment(Augmentation.model_validate(job.settings["augmentation"]), data.shape, data.mean, data.std)
    draws = job.generator("evaluation views")
    first, second = (features(job, data.test_images, augment, draws) for _ in range(2))
    examples = {name: 100.0 * (found == data.test_labels).float() for name, found in predictions.items()}
    examples["alignment"] = representation.alignment(first, second)
    metrics: dict[str, Any] = {name: float(values.double().mean()) for name, values in examples.items()}
    metrics["uniformity"] = float(representation.uniformity(test))
    metrics["tolerance"] = float(representation.tolerance(test, data.test_labels))
    metrics["effective_rank"] = float(representation.effective_rank(test))
    for name, found in further[1].items():
        metrics[f"uniformity_{name}"] = float(representation.uniformity(found))
        metrics[f"tolerance_{name}"] = float(representation.tolerance(found, data.test_labels))
    arrays = {"labels": data.test_labels, "predictions": predictions["linear_top1"], "features": test}
    return Evaluation(metrics, {**arrays, **{f"example_{name}": values for name, values in examples.items()}})


def features(job: Job, images: Tensor, augment: Augment | None = None, draws: torch.Generator | None = None) -> Tensor:
    """(N, F) features of uint8 images (N, C, H, W), plain or augmented."""
    kind = "full" if augment else "plain"
    view = augment or Augment(Augmentation(), job.data.shape, job.data.mean, job.data.std)
    return _encoded(job, images, lambda part: {"": job.method.features(view(part, kind, draws))})[""]


def further_features(job: Job, images: Tensor) -> dict[str, Tensor]:
    """The method's other representations (N, F) of uint8 images (N, C, H, W), plain, by name."""
    view = Augment(Augmentation(), job.data.shape, job.data.mean, job.data.std)
    return _encoded(job, images, lambda part: job.method.further_features(view(part, "plain")))


def _encoded(job: Job, images: Tensor, encode: Callable[[Tensor], dict[str, Tensor]]) -> dict[str, Tensor]:
    job.method.eval()
    parts = [encode(part) for part in images.split(500)]
    found = {name: torch.cat([part[name] for part in parts]).float() for name in parts[0]}
    if not all(values.isfinite().all() for values in found.values()):
        raise Diverged("features are not finite")
    return found
