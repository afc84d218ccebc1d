"""Labels bought near the decision boundary, against labels bought at random, in many dimensions and in few."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import max_margin


class Pool(NamedTuple):
    labelled: Array
    """(budget, d) points at random, by the product of label and features."""
    signals: Array
    """(pool,) how far other points lie from the Bayes boundary."""
    projections: Array
    """(pool,) of their other coordinates on whichever unit vector, standard normal."""
    noise: Array
    """(bought, d - 1) coordinates of such points, from which that of the projection is replaced."""


class MarginVsPassive(Check):
    """Noiseless labels y = sign(x_1); y x_1 normal about mu and positive, the other d - 1 coordinates standard normal.

    Tifrea, Clarysse and Yang 2023: where d is well above the number of labels, the classifier of largest margin, to
    which logistic regression converges, has a larger error if labels are bought nearest to the boundary, be it the
    Bayes boundary or that of a first classifier, than if they are bought at random; the more so the closer the classes.
    Reason: points near the boundary carry little of the signal, and the rest is noise that they are fitted by.

    Half of the budget is bought at random first in either case. Errors are exact but for quadrature over x_1. Of points
    that are not bought only x_1 and the projection on the first classifier are drawn, which is all that the choice
    needs. Ours: the sizes, and two readings of how close classes are, by mu and by a band free of points.
    """

    paper = "margin_vs_passive"

    dimensions: int = setting(600, low=2)
    budget: int = setting(100, low=4)
    pool: int = setting(10_000, low=100)
    mean: float = setting(3.0, low=0.0)
    band: float = setting(0.0, low=0.0)
    """No point is nearer to the Bayes boundary."""

    def draw(self, size: int, random: Random) -> Pool:
        labelled = random.normal(size=(self.budget, self.dimensions))
        labelled[:, 0] = self._signals(random.uniform(size=self.budget))
        signals = self._signals(random.uniform(size=self.pool))
        noise = random.normal(size=(self.budget - self.budget // 2, self.dimensions - 1))
        return Pool(labelled, signals, random.normal(size=self.pool), noise)

    def _signals(self, uniform: Array) -> Array:
        """Normal about the mean, and above the band."""
        from scipy.special import ndtr, ndtri

        found: Array = self.mean - ndtri(uniform * ndtr(self.mean - self.band))
        return found

    def measure(self, sample: Pool, size: int) -> dict[str, float]:
        first = sample.labelled[: self.budget // 2]
        w = max_margin.direction(first)
        passive = self.error(max_margin.direction(sample.labelled))
        margins = w[0] * sample.signals + np.linalg.norm(w[1:]) * sample.projections
        found = {"level": passive}
        for name, distances in (("gap", np.abs(margins)), ("gap_oracle", sample.signals)):
            nearest = np.argsort(distances, kind="stable")[: len(sample.noise)]
            points = np.vstack([first, bought(sample, nearest, w)])
            found[name] = self.error(max_margin.direction(points)) - passive
        return found

    def error(self, w: Array) -> float:
        """P(y x.w < 0): given x_1 the rest of the product is normal."""
        from scipy.special import ndtr

        middles = (np.arange(2000) + 0.5) / 2000
        return float(ndtr(-w[0] * self._signals(middles) / np.linalg.norm(w[1:])).mean())


def bought(sample: Pool, which: Array, w: Array) -> Array:
    """The points in full: with their signals, and their projections on the first classifier's other coordinates."""
    unit = w[1:] / np.linalg.norm(w[1:])
    missing = sample.projections[which] - sample.noise @ unit
    return np.column_stack([sample.signals[which], sample.noise + np.outer(missing, unit)])
