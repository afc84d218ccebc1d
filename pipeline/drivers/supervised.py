"""Classifiers: trained by the loop, read off by their logits on the test split."""

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.drivers import Diverged, Evaluation, Job
from pipeline.drivers.loop import fit
from pipeline.methods.classifier import Classifier
from pipeline.metrics.classification import classification_metrics
from pipeline.settings import Augmentation

train = fit


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Top-1, NLL, calibration and per-class accuracy on the test split."""
    logits = predict(job, job.data.test_images)
    metrics, arrays = classification_metrics(logits, job.data.test_labels, job.data.class_names)
    # values whose mean is a metric go by the name that the exhibits pair them by
    arrays = {f"example_{name}" if name in metrics else name: values for name, values in arrays.items()}
    return Evaluation(metrics, {"labels": job.data.test_labels, **arrays})


def predict(job: Job, images: Tensor) -> Tensor:
    """(N, K) logits of uint8 images (N, C, H, W)."""
    method = job.method
    assert isinstance(method, Classifier)
    method.eval()
    plain = Augment(Augmentation(), job.data.shape, job.data.mean, job.data.std)
    unused = job.generator("plain")
    parts = [method.logits(method.encoder(plain(part, "plain", unused))) for part in images.split(500)]
    logits = torch.cat(parts).float()
    if not logits.isfinite().all():
        raise Diverged("logits on the test split are not finite")
    return logits
