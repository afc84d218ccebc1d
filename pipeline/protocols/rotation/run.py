"""Numbers as labels: the angle by which an item was turned, with most angles rare in training."""

import math
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.frequency import by_density
from pipeline.protocols.regression.run import predicted
from pipeline.training import evidence
from pipeline.training.job import Job
from pipeline.training.loop import whole

DEGREES = 90.0
"""The greatest angle, either way; targets are angles over it."""
SKEW = 50.0
"""How many times more training angles lie in a tenth of the range next to upright than in one at its ends."""

phases = whole


def prepare(job: Job) -> Job:
    """Turn every image by an angle of its own and put targets (N,) in [-1, 1], the angles over 90 degrees, for labels.

    Training angles are frequent near upright and fall off exponentially both ways; those of validation and test are
    uniform, as in the benchmarks of imbalanced regression. The classes of the items are not used.
    """
    data = job.data

    def made(part: str, images: Tensor, skew: float) -> tuple[Tensor, Tensor]:
        targets = angles(len(images), skew, job.draws.generator("angles", part)).to(images.device)
        return turned(images, DEGREES * targets), targets

    train, valid = made("train", data.train_inputs, SKEW), made("validation", data.valid_inputs, 1.0)
    test = made("test", data.test_inputs, 1.0)
    return job.with_data(
        train_inputs=train[0],
        train_labels=train[1],
        true_labels=train[1],
        valid_inputs=valid[0],
        valid_labels=valid[1],
        test_inputs=test[0],
        test_labels=test[1],
        labelled_inputs=train[0],
        labelled_labels=train[1],
        class_names=(),
    )


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


class Evidence(evidence.Evidence):
    """In degrees."""

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) of the test split."""
        return DEGREES * predicted(self.job, self.job.data.test_inputs)

    @property
    def targets(self) -> Tensor:
        """(N,) of the test split."""
        return DEGREES * self.labels

    @cached_property
    def density_groups(self) -> dict[str, Tensor]:
        """Masks (N,) of test examples whose target is common, less common or rare in training."""
        return by_density(DEGREES * self.job.data.train_labels, self.targets, -DEGREES, DEGREES)

    def arrays(self) -> dict[str, Tensor]:
        return {"labels": self.targets, "predictions": self.predictions}
