"""Convolutions, local and full connections after one step: examples needed to find a signal in one of many patches."""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import sample_sizes
from pipeline.ops.rates import slopes

THRESHOLD = 0.5
LEVEL = 0.1
"""Of error."""
SETS = 5
"""Of training images, whose mean error counts."""
TESTS = 100
"""Images for each."""


class Images(NamedTuple):
    """What one step from zero, and the errors after it, depend on, of images with a signal along the first axis."""

    places: Array
    """(N,) the patch of each training image's signal."""
    along: Array
    """(k,) mean noise of each patch along the signal, in units of sigma / sqrt(n)."""
    across: Array
    """(k, d - 1) and across it."""
    test_places: Array
    """(T,)"""
    test_noise: Array
    """(T, k) of each patch along the weights that look at it, in units of sigma times their length."""


class DsdOneStep(Sweep):
    """Images of k patches of d pixels, noise of variance sigma^2, and y w* with |w*| = 1 in one patch; y = 1 or -1.

    Lahoti, Karp, Winston, Singh and Li 2024: of networks that sum soft thresholds phi_b of patches, under equivariant
    algorithms such as gradient descent, convolutional ones need O(sigma^2 (k + d)) examples up to logarithms, locally
    connected ones between Omega(sigma^2 k d) and O(sigma^2 k (k + d)), and fully connected ones Omega(sigma^2 k^2 d).

    Ours: d = k and sigma^2 = noise / d, whence the orders are 1, k and k^2; one step of gradient descent on the
    logistic loss from zero, with b = 0 and so long that weights are of length 1 where the signal is; then b = 1/2. Full
    connections stay linear, as all hidden units take the same step. Weights depend on n images only through sums, which
    are drawn as such: how many signals each patch had, and Gaussian noise. The sizes are k.
    """

    paper = "dsd"
    swept = "patches k"
    rates = {"convolutional": 0.0, "local": 1.0, "full": 2.0}

    smallest: int = setting(32, low=2)
    largest: int = setting(256, low=2)
    steps: int = setting(3, low=2)
    noise: float = setting(0.4, low=0.0)
    """sigma^2 d: the squared length of a patch's noise."""
    fixed: bool = setting(False)
    """The control: the signal is in the first patch always."""

    def draw(self, size: int, random: Random) -> list[Images]:
        return [self._images(size, random) for _ in range(SETS)]

    def _images(self, size: int, random: Random) -> Images:
        places, tests = (random.integers(1 if self.fixed else size, size=count) for count in (3 * size**2, TESTS))
        along, across = random.normal(size=size), random.normal(size=(size, size - 1))
        return Images(places, along, across, tests, random.normal(size=(TESTS, size)))

    def measure(self, sample: list[Images], size: int) -> dict[str, float]:
        counts = np.unique(np.geomspace(1, 3 * size**2, 60).astype(int)).tolist()

        def examples(learner: Callable[[Images, int], float]) -> float:
            return sample_sizes.needed(lambda n: float(np.mean([learner(each, n) for each in sample])), counts, LEVEL)

        learners = {"convolutional": self.convolutional, "local": self.local, "full": self.full}
        return {name: examples(learner) for name, learner in learners.items()}

    def convolutional(self, sample: Images, n: int) -> float:
        """Error with one filter, to which every patch adds its signal and its noise."""
        sigma = np.sqrt(self.noise / len(sample.along))
        along = 1 + sigma / np.sqrt(n) * sample.along.sum()
        across = self.noise / len(sample.along) / n * (sample.across.sum(0) ** 2).sum()
        return self._thresholded(sample, np.full(len(sample.along), along), across)

    def local(self, sample: Images, n: int) -> float:
        """Error with a filter for each patch."""
        step = 1.0 if self.fixed else float(len(sample.along))
        along, across = self._patches(sample, n)
        return self._thresholded(sample, step * along, step**2 * across)

    def full(self, sample: Images, n: int) -> float:
        """Error of the linear classifier, exactly but for where the signal is."""
        from scipy.special import ndtr

        along, across = self._patches(sample, n)
        length = np.sqrt((along**2 + across).sum())
        errors = ndtr(-along / (np.sqrt(self.noise / len(along)) * length))
        return float(errors[0] if self.fixed else errors.mean())

    def _patches(self, sample: Images, n: int) -> tuple[Array, Array]:
        """(k,) weights along the signal, and squared lengths across it, after a step of length 1."""
        patches = len(sample.along)
        sigma = np.sqrt(self.noise / patches / n)
        shares = np.bincount(sample.places[:n], minlength=patches) / n
        return shares + sigma * sample.along, sigma**2 * (sample.across**2).sum(1)

    def _thresholded(self, sample: Images, along: Array, across: Array | float) -> float:
        responses = np.sqrt(self.noise / len(along) * (along**2 + across)) * sample.test_noise
        responses[np.arange(TESTS), sample.test_places] += along[sample.test_places]
        values = (np.sign(responses) * np.maximum(np.abs(responses) - THRESHOLD, 0)).sum(1)
        return float((values < 0).mean() + (values == 0).mean() / 2)

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {f"exponent_{name}": slopes(sizes, values) for name, values in curves.items()}
