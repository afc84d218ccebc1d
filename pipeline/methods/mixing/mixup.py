"""Images are averaged in pairs, pixel by pixel, and their labels with the same weights: linear behaviour in between."""

from pipeline.contract import Tensor, setting
from pipeline.methods.mixing import Mixing, partners, share


class Mixup(Mixing):
    """x~ = lambda x_i + (1 - lambda) x_j and y~ = lambda y_i + (1 - lambda) y_j with lambda ~ Beta(alpha, alpha).

    One lambda for the whole batch and j a random order of it, as in the authors' code. alpha = 1, so that lambda is
    uniform, is the paper's for CIFAR (0.2 to 0.4 for ImageNet); alpha = 0 is cross-entropy.
    """

    paper = "mixup"
    alpha: float = setting(1.0, low=0.0)

    def mix(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        weight, order = 1 - share(self.alpha), partners(images)
        return images.lerp(images[order], weight), targets.lerp(targets[order], weight)
