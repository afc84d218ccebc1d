"""Generations of evolutionary algorithms on OneMax with planted local optima: keeping the parent against not."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.one_max import Landscape
from pipeline.ops.rates import slopes


class Disom(Sweep):
    """Distorted OneMax: a point has its number of ones, and with probability 0.3 / sqrt(n) a height on top.

    Lengler, Schiller and Sieberling 2024: a generation has lambda = 1.5 ln n children, each bit of which is flipped
    with probability 1 / n. The (1 + lambda)-EA takes the best of parent and children, ties for the children, the
    (1, lambda)-EA the best child. With random heights the former needs super-polynomially many generations until a
    fitness of n - n^0.15, since it sits on ever higher optima, and the latter stays efficient; with equal heights the
    former is at most a factor of n log n behind. All of these parameters are of the authors' code, as are heights
    with the exponential distribution of mean 2.5 or the uniform one up to 4; that all are 1.5 is ours.

    The sizes are n. What holds is to arrive before runs are cut off; the plus strategy's means are lower bounds. Both
    strategies start at one point of one landscape, whose heights are drawn when a point is first met.
    """

    paper = "disom"
    swept = "bits n"

    smallest: int = setting(30, low=10)
    largest: int = setting(120, low=10)
    steps: int = setting(3, low=2)
    limit: int = setting(3000, low=10)
    """Of generations."""
    heights: str = setting("exponential", choices=("exponential", "uniform", "equal"))
    """All heights alike are the control."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        start = int.from_bytes(sample.bytes(size // 8 + 1)) >> (8 - size % 8)
        landscape = Landscape(size, self._drawn, sample)
        # a start that is high enough counts as one generation
        return {name: float(max(1, landscape.climb(start, name == "plus", self.limit))) for name in ("plus", "comma")}

    def _drawn(self, random: Random, number: int) -> Array:
        if self.heights == "equal":
            return np.full(number, 1.5)
        if self.heights == "uniform":
            return random.uniform(0, 4, number)
        return random.exponential(2.5, number)

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        plus, comma = curves["plus"], curves["comma"]
        return {
            "holds_plus": (plus[:, -1] < self.limit).astype(float),
            "holds_comma": (comma[:, -1] < self.limit).astype(float),
            "log_ratio": np.log(plus[:, -1] / comma[:, -1]),
            "exponent_comma": slopes(sizes, comma),
        }
