"""Convolutions, local and full connections, trained on images with a signal in one of many patches."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import patch_networks

TESTS = 400


class Images(NamedTuple):
    patches: Array
    """(n, k, d)"""
    labels: Array
    """(n,) 1 and -1."""


class DsdNetworks(Check):
    """Images of k patches of k pixels, noise of variance sigma^2, and y w* with |w*| = 1 in one patch; y = 1 or -1.

    Lahoti, Karp, Winston, Singh and Li 2024: under equivariant algorithms such as gradient descent, networks that sum
    soft thresholds phi_b(z) = relu(z - b) - relu(-z - b) of k units need the fewest examples where units look at a
    patch each with shared weights, more where weights are not shared, and most where units look at all patches.

    Ours: the number of examples is given and errors are compared; logistic loss, steps with momentum from small
    Gaussian weights; b is 0 for half of the steps, and then learnt as the weights are, since units that start with a
    threshold may never respond.
    """

    paper = "dsd"

    patches: int = setting(12, low=2)
    examples: int = setting(400, low=2)
    noise: float = setting(0.4, low=0.0)
    """sigma^2 k: the squared length of a patch's noise."""
    iterations: int = setting(120, low=2)
    fixed: bool = setting(False)
    """The control: the signal is in the first patch always."""

    def draw(self, size: int, random: Random) -> tuple[Images, Images, dict[str, Array]]:
        """Images for training and for tests, and initial weights."""
        k = self.patches
        shapes = {"convolutional": (k,), "local": (k, k), "full": (k * k, k)}
        weights = {name: 0.1 / np.sqrt(k) * random.normal(size=shape) for name, shape in shapes.items()}
        return self._images(self.examples, random), self._images(TESTS, random), weights

    def _images(self, count: int, random: Random) -> Images:
        labels = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
        images = np.sqrt(self.noise / self.patches) * random.normal(size=(count, self.patches, self.patches))
        images[np.arange(count), random.integers(1 if self.fixed else self.patches, size=count), 0] += labels
        return Images(images, labels)

    def measure(self, sample: tuple[Images, Images, dict[str, Array]], size: int) -> dict[str, float]:
        train, test, weights = sample
        errors = {}
        for kind, start in weights.items():
            w, b = patch_networks.trained(kind, train.patches, train.labels, start, self.iterations)
            values = patch_networks.values(kind, test.patches, w, b) * test.labels
            errors[kind] = float((values < 0).mean() + (values == 0).mean() / 2)
        return {
            "level": errors["convolutional"],
            "gap_local": errors["local"] - errors["convolutional"],
            "gap_full": errors["full"] - errors["local"],
        }
