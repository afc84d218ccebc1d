"""Generations of evolutionary algorithms on OneMax with planted local optima: keeping the parent against not."""

from collections.abc import Callable

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes

Heights = Callable[[Random, int], Array]


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
        return {name: float(landscape.climb(start, name == "plus", self.limit)) for name in ("plus", "comma")}

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


class Landscape:
    """Points are whole numbers, whose bits are the coordinates."""

    def __init__(self, size: int, heights: Heights, random: Random) -> None:
        self.size, self.heights, self.random = size, heights, random
        self.known: dict[int, float] = {}
        self.fresh: list[float] = []

    def fitness(self, point: int) -> float:
        found = self.known.get(point)
        if found is None:
            if not self.fresh:
                distorted = self.random.random(1000) < 0.3 / self.size**0.5
                self.fresh = np.where(distorted, self.heights(self.random, 1000), 0.0).tolist()
            found = self.known[point] = point.bit_count() + self.fresh.pop()
        return found

    def climb(self, point: int, keep: bool, limit: int) -> int:
        """The generation at which the fitness is n - n^0.15, or the limit."""
        children, target = round(1.5 * np.log(self.size)), self.size - self.size**0.15
        current, masks = self.fitness(point), iter(self._masks(0))
        for generation in range(limit):
            if current >= target:
                return generation
            if generation % 100 == 0:
                masks = iter(self._masks(100 * children))
            # the best, and of several the first: children are alike, so that this draws evenly
            best, fittest = 0, -1.0
            for _ in range(children):
                child = point ^ next(masks)
                value = self.fitness(child)
                if value > fittest:
                    best, fittest = child, value
            if not keep or fittest >= current:
                point, current = best, fittest
        return limit

    def _masks(self, number: int) -> list[int]:
        """So many sets of flipped bits. Bits of all of them in a row are flipped at geometric distances."""
        bits = number * self.size
        flipped: list[Array] = []
        reached = -1
        while reached < bits:
            flipped.append(reached + self.random.geometric(1 / self.size, number + 50).cumsum())
            reached = int(flipped[-1][-1])
        masks = [0] * number
        for place in np.concatenate(flipped).tolist():
            if place < bits:
                masks[place // self.size] |= 1 << place % self.size
        return masks
