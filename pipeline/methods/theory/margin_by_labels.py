"""How many labels it takes until those bought near the decision boundary are worth more than those bought at random."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.methods.theory.margin_vs_passive import MarginVsPassive, Pool, bought
from pipeline.ops import max_margin, newton_logistic


class MarginByLabels(Sweep):
    """The experiment of margin_vs_passive at numbers of labels from well below to well above the dimensions d.

    Tifrea, Clarysse and Yang 2023: margin sampling is behind random sampling where labels are few for the dimensions.
    So it should be ahead where they are many, as of old. A squared penalty on the weights of logistic regression, which
    without one converges to the largest margin, is another way out of fitting the noise.

    Ours: d, the numbers, and penalties that do not fall with the labels. The sizes are numbers of labels, half of which
    are bought at random first. Differences of errors to that of labels bought at random, for both boundaries; where
    classes are close and labels few that error is near one half itself, and leaves little to be behind by.
    """

    paper = "margin_vs_passive"
    swept = "labels n"

    smallest: int = setting(25, low=4)
    largest: int = setting(800, low=4)
    steps: int = setting(6, low=2)
    dimensions: int = setting(100, low=2)
    pool: int = setting(10_000, low=1000)
    mean: float = setting(3.0, low=0.0)
    penalty: float = setting(0.0, low=0.0)
    """lambda of mean loss + lambda |w|^2 / 2; 0 stands for its limit, the largest margin."""

    def draw(self, size: int, random: Random) -> Pool:
        return self._experiment(size).draw(1, random)

    def _experiment(self, size: int) -> MarginVsPassive:
        return MarginVsPassive(dimensions=self.dimensions, budget=size, pool=self.pool, mean=self.mean, band=0.0)

    def measure(self, sample: Pool, size: int) -> dict[str, float]:
        first, error = sample.labelled[: size // 2], self._experiment(size).error
        w = self._fitted(first)
        passive = error(self._fitted(sample.labelled))
        margins = np.abs(w[0] * sample.signals + np.linalg.norm(w[1:]) * sample.projections)
        found = {"random": passive}
        for name, distances in (("own", margins), ("oracle", sample.signals)):
            which = np.argsort(distances, kind="stable")[: len(sample.noise)]
            chosen = np.vstack([first, bought(sample, which, w)])
            found[f"difference_{name}"] = error(self._fitted(chosen)) - passive
        return found

    def _fitted(self, signed: Array) -> Array:
        """(d,) weights, from points (n, d) by the product of label and features."""
        if not self.penalty:
            return max_margin.direction(signed)
        # weights are sums of points; each with the other label too, at its negative, makes the bias 0
        basis = np.linalg.qr(signed.T)[0]
        inside = np.vstack([signed, -signed]) @ basis
        signs = np.repeat([1.0, -1.0], len(signed))
        found: Array = basis @ newton_logistic.fit(inside, signs, self.penalty)[:-1]
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            f"gap_{name}_{labels}": curves[f"difference_{name}"][:, place]
            for name in ("oracle", "own")
            for labels, place in (("few", 0), ("many", -1))
        }
