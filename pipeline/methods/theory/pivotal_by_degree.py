"""Whether a fixed number of labels a feature suffices for polynomials of every degree, if the labels are spread out."""

import functools
from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import pivotal, polynomial_features
from pipeline.ops.rates import slopes

TRIALS = 10


class Sampled(NamedTuple):
    values: Array
    """(n,) labels."""
    random: Random


class PivotalByDegree(Sweep):
    """Polynomials of degree below d on an interval, k = 2 d labels bought by leverage, and an error |A x - b|^2.

    Shimizu, Cheng, Musco and Weare 2024: pivotal sampling between neighbours needs k of order d / eps for an error of
    at most 1 + eps times the least, whatever the labels b; independent sampling needs d log d. So at k = 2 d the
    excess, |A x - A x*|^2 over the least error, should not depend on d, but do so if points are bought independently.
    It is bounded by way of the smallest eigenvalue of the weighted Q'Q, which is 1 if all points are bought.

    Ours: a grid of 4,000 points, labels of noise alone, k / d, and medians of ten samples. The sizes are d.
    """

    paper = "pivotal_leverage"
    swept = "features d"
    rates = {"excess": 0.0}

    smallest: int = setting(8, low=2)
    largest: int = setting(128, low=2, high=1000)
    steps: int = setting(5, low=2)
    points: int = setting(4000, low=100)
    ratio: float = setting(2.0, low=1.0)
    """k / d."""
    independent: bool = setting(False)
    """Bernoulli sampling, which is the control."""

    def draw(self, size: int, random: Random) -> Sampled:
        return Sampled(random.normal(size=self.points), random)

    def measure(self, sample: Sampled, size: int) -> dict[str, float]:
        basis, tree = interval(size, self.points)
        best = basis.T @ sample.values
        least = sample.values @ sample.values - best @ best
        chances = pivotal.inclusion((basis**2).sum(1), round(self.ratio * size))
        excesses, eigenvalues = [], []
        for _ in range(TRIALS):
            if self.independent:
                chosen = pivotal.bernoulli(chances, sample.random)
            else:
                chosen = pivotal.pivotal(chances, tree, sample.random)
            found = polynomial_features.weighted(basis, sample.values, chances, chosen)
            excesses.append(((found - best) ** 2).sum() / least)
            rows = basis[chosen] / np.sqrt(chances[chosen, None])
            eigenvalues.append(np.linalg.eigvalsh(rows.T @ rows)[0])
        # of fewer rows than features the smallest is 0 but for rounding
        return {"excess": float(np.median(excesses)), "smallest": max(float(np.median(eigenvalues)), 1e-12)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "exponent": slopes(sizes, curves["excess"]),
            "exponent_eigenvalue": slopes(sizes, curves["smallest"]),
            "level": curves["excess"][:, -1],
        }


@functools.lru_cache(maxsize=8)
def interval(features: int, count: int) -> tuple[Array, Array]:
    """Orthonormal polynomials on a grid of an interval, and the tree of its points."""
    points = np.linspace(-1, 1, count)[:, None]
    return polynomial_features.orthonormal(points, features - 1), pivotal.leaves(points)
