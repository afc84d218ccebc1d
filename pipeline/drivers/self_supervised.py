"""Encoders pretrained without labels: trained by the loop, judged by what their frozen features are good for."""

from typing import Any

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.drivers import Diverged, Evaluation, Job
from pipeline.drivers.loop import autocast, fit
from pipeline.metrics import representation
from pipeline.settings import Augmentation, Probe

train = fit


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Linear probe and k-NN on the training split's features, and the geometry of the test split's."""
    data, probe = job.data, Probe.model_validate(job.settings["probe"])
    train_features, test_features = features(job, data.train_images), features(job, data.test_images)
    classes = len(data.class_names)
    with torch.enable_grad():
        logits = representation.linear_probe(train_features, data.train_labels, test_features, classes, probe)
    neighbours = representation.knn_predict(train_features, data.train_labels, test_features, probe.neighbours, classes)
    draws = job.generator("evaluation views")
    augment = Augment(Augmentation.model_validate(job.settings["augmentation"]), data.shape, data.mean, data.std)
    first, second = (features(job, data.test_images, augment, draws) for _ in range(2))
    examples = {
        "linear_top1": 100.0 * (logits.argmax(1) == data.test_labels).float(),
        "knn_top1": 100.0 * (neighbours == data.test_labels).float(),
        "alignment": representation.alignment(first, second),
    }
    metrics: dict[str, Any] = {name: float(values.double().mean()) for name, values in examples.items()}
    metrics["uniformity"] = float(representation.uniformity(test_features))
    metrics["tolerance"] = float(representation.tolerance(test_features, data.test_labels))
    metrics["effective_rank"] = float(representation.effective_rank(test_features))
    arrays = {"labels": data.test_labels, "predictions": logits.argmax(1), "features": test_features}
    return Evaluation(metrics, {**arrays, **{f"example_{name}": values for name, values in examples.items()}})


def features(job: Job, images: Tensor, augment: Augment | None = None, draws: torch.Generator | None = None) -> Tensor:
    """(N, F) frozen features of uint8 images (N, C, H, W), plain or augmented."""
    job.method.eval()
    kind = "full" if augment else "plain"
    view = augment or Augment(Augmentation(), job.data.shape, job.data.mean, job.data.std)
    generator = draws or job.generator("plain")
    with autocast(job):
        found = torch.cat([job.method.encoder(view(part, kind, generator)) for part in images.split(500)]).float()
    if not found.isfinite().all():
        raise Diverged("features are not finite")
    return found
