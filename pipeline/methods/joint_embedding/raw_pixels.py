"""The floor below the floor: the pixels themselves."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Method, Tensor


class RawPixels(Method):
    """No encoder: an image is represented by its pixels, averaged over blocks of 2x2, which quarters the probe's work.

    What a probe reaches on them needs no features at all. Views of another size than the images have other pixels, so
    that only the two augmented views are compared with each other.
    """

    paper = ""
    kind = "representation"
    trains: ClassVar[bool] = False
    views: tuple[str, ...] = ()

    def features(self, images: Tensor) -> Tensor:
        return F.avg_pool2d(images, 2).flatten(1)
