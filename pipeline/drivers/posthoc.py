"""Scores of a trained classifier: some train it on beside wild images first, most only read its checkpoint."""

from typing import Any

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.datasets.outliers import outliers, shifted
from pipeline.drivers import Diverged, Evaluation, Job
from pipeline.drivers.loop import fit
from pipeline.errors import UserError
from pipeline.methods.classifier import Classifier
from pipeline.methods.ood_score import OODScore, Validation
from pipeline.metrics.detection import detection_metrics, error_metrics
from pipeline.settings import Augmentation

train = fit


def prepare(job: Job) -> None:
    """The wild images of a method that trains, drawn alike for every method of the study."""
    if job.method.trains and (wild := job.settings["wild"]):
        job.wild = wild_images(job, wild)


def wild_images(job: Job, wild: dict[str, Any]) -> Tensor:
    """(examples, C, H, W) uint8 on the CPU: outliers, kinds alike, then spare images under a shift, then clean ones.

    The clean and shifted images are different spare images of the known classes; outliers may be made from any.
    """
    spare, count = job.data.spare_images, wild["examples"]
    strange, moved = round(count * wild["outlier_share"]), round(count * wild["shifted_share"])
    clean = count - strange - moved
    if moved + clean > len(spare):
        raise UserError(
            f"wild.examples = {count}: {moved + clean} of them are known images, but the data set has only "
            f"{len(spare)} beyond train_examples"
        )
    parts = []
    for i, kind in enumerate(wild["outliers"]):
        share = strange * (i + 1) // len(wild["outliers"]) - strange * i // len(wild["outliers"])
        parts.append(outliers(kind, spare, share, job.generator("outliers", "wild", kind), job.load))
    chosen = spare[torch.randperm(len(spare), generator=job.generator("wild"))[: moved + clean]]
    parts += [shifted(chosen[:moved], job.generator("shift", "wild")), chosen[moved:]]
    return torch.cat(parts)


def evaluate(job: Job) -> Evaluation:
    """Fit the score on validation data, then score the test split and every set of test outliers."""
    data, method = job.data, job.method
    assert isinstance(method, OODScore) and isinstance(job.base, Classifier)
    plain = Augment(Augmentation(), data.shape, data.mean, data.std)

    def inputs(images: Tensor) -> Tensor:
        return plain(images.to(job.device.torch), "plain")

    def made(name: str, known: Tensor, purpose: str, count: int | None = None) -> Tensor:
        if name == "held_out":
            return data.held_out_images[:count]
        # drawn on the CPU and brought to the device, so that every device scores the same outliers
        return outliers(name, known.cpu(), count or len(known), job.generator("outliers", purpose, name), job.load)

    method.attach(job.base)
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
    moved = inputs(shifted(data.test_images.cpu(), job.generator("shift", "test")))
    with torch.no_grad():
        tested = inputs(data.test_images)
        known = method.scores(tested)
        unknown = {
            name: method.scores(inputs(made(name, data.test_images, "test", job.settings["outlier_examples"])))
            for name in job.settings["outliers"]
        }
        right, still_right = (method.predictions(images) == data.test_labels for images in (tested, moved))
    if not all(scores.isfinite().all() for scores in (known, *unknown.values())):
        raise Diverged("scores are not finite")
    metrics, examples = detection_metrics(known, unknown)
    examples |= {"top1": 100.0 * right.double(), "top1_shifted": 100.0 * still_right.double()}
    metrics |= error_metrics(known, right) | {name: float(examples[name].mean()) for name in ("top1", "top1_shifted")}
    arrays = {"labels": data.test_labels, "score_known": known}
    arrays |= {f"score_{name}": scores for name, scores in unknown.items()}
    arrays |= {f"example_{name}": values for name, values in examples.items()}
    return Evaluation(metrics, arrays, choices)
