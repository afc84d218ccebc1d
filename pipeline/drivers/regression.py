"""Numbers as labels: the angle by which an item was turned, with most angles rare in training."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.drivers import Evaluation, Job
from pipeline.drivers.loop import fit
from pipeline.drivers.reading import answers, finite
from pipeline.methods.regression import Regressor
from pipeline.metrics.regression import by_density, regression_metrics

DEGREES = 90.0
"""The greatest angle, either way; targets are angles over it."""
SKEW = 50.0
"""How many times more training angles lie in a tenth of the range next to upright than in one at its ends."""

train = fit


def prepare(job: Job) -> None:
    """Turn every image by an angle of its own and put targets (N,) in [-1, 1], the angles over 90 degrees, for labels.

    Training angles are frequent near upright and fall off exponentially both ways; those of validation and test are
    uniform, as in the benchmarks of imbalanced regression. The classes of the items are not used.
    """
    data = job.data

    def made(part: str, images: Tensor, skew: float) -> tuple[Tensor, Tensor]:
        targets = angles(len(images), skew, job.generator("angles", part)).to(images.device)
        return turned(images, DEGREES * targets), targets

    data.train_images, data.train_labels = made("train", data.train_images, SKEW)
    data.valid_images, data.valid_labels = made("validation", data.valid_images, 1.0)
    data.test_images, data.test_labels = made("test", data.test_images, 1.0)
    data.true_labels = data.train_labels
    data.labelled_images, data.labelled_labels = data.train_images, data.train_labels
    data.class_names = ["angle"]


def angles(count: int, skew: float, generator: torch.Generator) -> Tensor:
    """(count,) draws from [-1, 1] with a density that falls as exp(-r |t|); e^(0.8 r) = skew, and 1 is uniform."""
    draws = torch.rand(2, count, generator=generator)
    rate = math.log(skew) / 0.8
    size = draws[0] if rate == 0 else -torch.log1p(draws[0] * math.expm1(-rate)) / rate
    return torch.where(draws[1] < 0.5, -size, size)


def turned(images: Tensor, degrees: Tensor) -> Tensor:
    """Images (N, C, H, W) uint8 turned counter-clockwise by degrees (N,), bilinear, zeros outside."""
    out = torch.empty_like(images)
    height, width = images.shape[2:]
    for start in range(0, len(images), 1000):
        part = slice(start, start + 1000)
        theta = torch.deg2rad(degrees[part])
        cosine, sine, none = theta.cos(), theta.sin(), torch.zeros_like(theta)
        rows = [cosine, -sine * height / width, none, sine * width / height, cosine, none]
        shape = list(images[part].shape)
        grid = F.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), shape, align_corners=False)
        sampled = F.grid_sample(images[part].float(), grid, align_corners=False)
        out[part] = sampled.round().clamp(0, 255).to(torch.uint8)
    return out


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Errors in degrees on the test split, overall and by how common the angle is in training."""
    data, method = job.data, job.method
    assert isinstance(method, Regressor)
    predictions = DEGREES * answers(job, data.test_images, lambda plain: method.predict(method.encoder(plain)))
    finite(predictions, "predictions on the test split")
    targets = DEGREES * data.test_labels
    groups = by_density(DEGREES * data.train_labels, targets, -DEGREES, DEGREES)
    metrics, examples = regression_metrics(predictions, targets, groups)
    arrays = {"labels": targets, "predictions": predictions, **{f"example_{k}": v for k, v in examples.items()}}
    return Evaluation(metrics, arrays)
