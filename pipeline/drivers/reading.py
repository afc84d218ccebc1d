"""What a trained method answers to images as they are: in evaluation mode, plain, some hundreds at a time."""

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.augment import Augment
from pipeline.drivers import Diverged, Job
from pipeline.settings import Augmentation


def answers(job: Job, images: Tensor, read: Callable[[Tensor], Tensor]) -> Tensor:
    """(N, ...) float32: what `read` makes of plain views (B, C, H, W), for uint8 images (N, C, H, W)."""
    job.method.eval()
    plain = Augment(Augmentation(), job.data.shape, job.data.mean, job.data.std)
    return torch.cat([read(plain(part, "plain")).float() for part in images.split(500)])


def finite(found: Tensor, what: str) -> Tensor:
    """The answers themselves; Diverged where they are not finite."""
    if not found.isfinite().all():
        raise Diverged(f"{what} are not finite")
    return found
