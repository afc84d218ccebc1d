"""Minimum-norm fits on sketched data: their risk by the sketch's size, and where it is least."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import linear_design


class Sample(NamedTuple):
    x: Array
    orthogonal: Array
    """(m, n) sketch with orthonormal rows."""
    independent: Array
    """(m, n) sketch with independent normal entries, drawn on its own."""


class SketchedMinNorm(Sweep):
    """(S X)^+ S y with a sketch S of m rows, for n examples in p dimensions, |beta|^2 = a^2 and noise of variance 1.

    Chen, Zeng, Yang and Sun 2023: for m < p every sketch of full rank risks a^2 (1 - m / p) + (m / p) / (1 - m / p), so
    that with a > 1 the best size below p is p (1 - 1 / a), if there are as many examples, and with a <= 1 the smaller
    the better. For m > p an orthogonal sketch is the best and risks p / (m - p), one of independent entries
    p / (n - p) + p / (m - p). All in the limit of proportional sizes; our derivation for normal inputs (in the tests)
    has 1 more or less in denominators.

    Risks are averages over coefficients and noise, given design and sketch. The sizes are the sketch's.
    """

    paper = "sketched_ridgeless"
    swept = "rows of the sketch m"

    smallest: int = setting(44, low=1)
    largest: int = setting(198, low=1)
    steps: int = setting(8, low=2)
    examples: int = setting(198, low=2)
    dimensions: int = setting(220, low=2)
    signal: float = setting(4.0, low=0.0)
    """a^2, and the ratio of signal to noise."""

    def sizes(self) -> list[int]:
        """Evenly: the risk has its minimum and its peak at shares of the dimensions."""
        return [int(size) for size in np.linspace(self.smallest, self.largest, self.steps).round()]

    def draw(self, size: int, random: Random) -> Sample:
        x = linear_design.drawn(self.examples, self.dimensions, self.signal, 1.0, random).x
        normal, independent = random.normal(size=(2, self.examples, size))
        return Sample(x, np.linalg.qr(normal)[0].T, independent.T)

    def measure(self, sample: Sample, size: int) -> dict[str, float]:
        found = {}
        for name in ("orthogonal", "independent"):
            sketch = getattr(sample, name)
            estimator = linear_design.minimum_norm(sketch @ sample.x) @ sketch
            found[name] = linear_design.excess_risk(estimator, sample.x, self.signal, 1.0)
        return found

    def predicted(self, size: int) -> dict[str, float]:
        n, p = self.examples, self.dimensions
        if size < p:
            risk = self.signal * (1 - size / p) + size / (p - size)
            return {"orthogonal": risk, "independent": risk}
        return {"orthogonal": p / (size - p), "independent": p / (n - p) + p / (size - p)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        orthogonal, independent = curves["orthogonal"], curves["independent"]
        predicted = [[self.predicted(size)[name] for size in sizes] for name in ("orthogonal", "independent")]
        return {
            "deviation": _worst(orthogonal / predicted[0] - 1),
            "deviation_independent": _worst(independent / predicted[1] - 1),
            "log_ratio": _worst(np.log(independent / orthogonal)),
            "log_ratio_whole": np.log(orthogonal[:, -1] / orthogonal[:, orthogonal.mean(0).argmin()]),
            "level": np.array(sizes)[orthogonal.argmin(1)] / self.dimensions,
        }


def _worst(values: Array) -> Array:
    """Of the size at which the mean is the farthest from 0."""
    found: Array = values[:, np.abs(values.mean(0)).argmax()]
    return found
