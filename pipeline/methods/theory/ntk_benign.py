"""Wide networks that fit noisy labels exactly, on classes far apart, in many dimensions and in few."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.tangent_kernel import kernel


class Mixture(NamedTuple):
    train: Array
    """(n, d)"""
    noisy: Array
    """(n,) labels 1 and -1, some of them flipped."""
    test: Array
    """(m, d)"""
    labels: Array
    """(m,), none flipped."""


class NtkBenign(Check):
    """Two classes, standard normal about two opposite means; interpolation by the tangent kernel of a ReLU network.

    Zhu, Liu, Chrysos, Locatello and Cevher 2023: under lazy training deep ReLU networks fit all training labels, noisy
    ones among them, and yet have the Bayes error, if dimensions are many and classes well apart; of interpolants the
    smoother generalises better. Ours: infinite width, so that lazy training ends at the kernel's interpolant exactly,
    and squared loss; noise counts in training alone; how steep an interpolant is, is its largest slope between a test
    point and a training point; and the smoother of two is found among kernels of 2 and of 8 layers.
    """

    paper = "lazy_benign"

    dimensions: int = setting(1000, low=1)
    mean: float = setting(8.0, low=0.0)
    """The distance of a class's mean from 0, in standard deviations."""
    examples: int = setting(100, low=2)
    tests: int = setting(200, low=2)
    flipped: float = setting(0.15, low=0.0, high=0.5)
    layers: int = setting(3, low=2)

    def draw(self, size: int, random: Random) -> Mixture:
        labels = np.where(np.arange(self.examples + self.tests) % 2 == 0, 1.0, -1.0)
        points = random.normal(size=(len(labels), self.dimensions))
        points[:, 0] += self.mean * labels
        noisy = labels[: self.examples].copy()
        noisy[random.permutation(self.examples)[: round(self.flipped * self.examples)]] *= -1
        return Mixture(points[: self.examples], noisy, points[self.examples :], labels[self.examples :])

    def measure(self, sample: Mixture, size: int) -> dict[str, float]:
        from scipy.special import ndtr

        fitted, values = interpolated(sample, self.layers)
        fits = [interpolated(sample, layers)[1] for layers in (2, 8)]
        steep, smooth = sorted(fits, key=lambda found: -steepness(sample, found))
        return {
            "level_training": float((fitted * sample.noisy <= 0).mean()),
            "gap": error(sample, values) - float(ndtr(-self.mean)),
            "gap_smooth": error(sample, steep) - error(sample, smooth),
        }


def interpolated(sample: Mixture, layers: int) -> tuple[Array, Array]:
    """Values at training and at test points of the kernel's interpolant."""
    inner = kernel(sample.train, sample.train, layers)
    weights = np.linalg.solve(inner, sample.noisy)
    return inner @ weights, kernel(sample.test, sample.train, layers) @ weights


def error(sample: Mixture, values: Array) -> float:
    return float((values * sample.labels <= 0).mean())


def steepness(sample: Mixture, values: Array) -> float:
    from scipy.spatial.distance import cdist

    rises = np.abs(values[:, None] - sample.noisy)
    return float((rises / cdist(sample.test, sample.train)).max())
