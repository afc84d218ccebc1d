"""A box of one image is pasted into another, and the labels are mixed by the areas."""

import math

import torch

from pipeline.contract import Tensor, setting
from pipeline.methods.mixing import Mixing, partners, share


class CutMix(Mixing):
    """x~ = M * x_A + (1 - M) * x_B, y~ = lambda y_A + (1 - lambda) y_B; M is 0 in a box, else 1.

    lambda ~ Beta(alpha, alpha). The box has sqrt(1 - lambda) of the image's height and width and a uniform centre. As
    in the authors' code, sides are cut to whole pixels, an even number of them; what sticks out over the edge is lost;
    lambda is then set to the share of pixels that remain x_A's; and one box and one lambda serve the batch. A batch is
    mixed with `probability`, 0.5 in the authors' code for CIFAR (1 for ImageNet). alpha = 0 or probability 0 is
    cross-entropy.
    """

    paper = "cutmix"
    alpha: float = setting(1.0, low=0.0)
    probability: float = setting(0.5, low=0.0, high=1.0)

    def mix(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        if float(torch.rand(())) >= self.probability:
            return images, targets
        height, width = images.shape[2:]
        side = math.sqrt(1 - share(self.alpha))
        rows, columns = (_span(length, int(length * side)) for length in (height, width))
        order = partners(images)
        mixed = images.clone()
        mixed[:, :, rows, columns] = images[order][:, :, rows, columns]
        pasted = (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
        return mixed, targets.lerp(targets[order], pasted)


def _span(length: int, cut: int) -> slice:
    """`cut` pixels, or one less, about a random one of `length`, as far as there are any."""
    centre = int(torch.randint(length, ()))
    return slice(max(0, centre - cut // 2), min(length, centre + cut // 2))
