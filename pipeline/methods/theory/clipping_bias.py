"""The bias that clipping leaves in stochastic gradient descent, whatever the step size."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class ClippingBias(Sweep):
    """x <- x - eta min(1, c / |g|) g with g = x + xi, on f(x) = x^2 / 2 and noise of variance sigma^2.

    Koloskova, Hendrikx and Stich 2023: as steps go on, |f'(x)| is left at the order of min(sigma, sigma^2 / c), and no
    step size helps. Here the noise has two values, of probabilities p and 1 - p, and the point at which E clip(g) = 0
    is solved for at each of a grid of p. From its closed form, sigma u - c u^2 with u = sqrt(p / (1 - p)), the largest
    bias over p is sigma^2 / (4 c) where c >= sigma / 2 (our derivation; the tests derive it once more). The sizes are
    the threshold c, in units of sigma.
    """

    paper = "clipping_bias"
    draws = False
    swept = "threshold c / sigma"

    smallest: int = setting(1, low=1)
    largest: int = setting(100, low=1)
    steps: int = setting(5, low=2)
    points: int = setting(400, low=10)
    """Of the grid of p, evenly in the logarithm of u."""
    symmetric: bool = setting(False)
    """The control: noise of either sign alike, which leaves no bias."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        chances = [0.5] if self.symmetric else self._grid()
        return {"bias": max(abs(_root(p, float(size))) for p in chances)}

    def _grid(self) -> Array:
        u = np.geomspace(1e-4, 1, self.points)
        return u**2 / (1 + u**2)

    def predicted(self, size: int) -> dict[str, float]:
        return {"bias": 0.0 if self.symmetric else 1 / (4 * size)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        bias = curves["bias"]
        if self.symmetric:
            return {"level": bias.max(1)}
        predicted = np.array([self.predicted(size)["bias"] for size in sizes])
        orders = np.minimum(1, 1 / np.array(sizes, np.float64))
        return {
            "exponent": slopes(sizes, bias),
            "deviation": np.abs(bias / predicted - 1).max(1),
            "level": (bias / orders).min(1),
        }


def _root(p: float, threshold: float) -> float:
    """Where the mean of clipped gradients vanishes, for noise of variance 1 that is `up` with probability p."""
    from scipy.optimize import brentq

    up, down = np.sqrt((1 - p) / p), np.sqrt(p / (1 - p))

    def mean(x: float) -> float:
        clipped = np.clip([x + up, x - down], -threshold, threshold)
        return float(p * clipped[0] + (1 - p) * clipped[1])

    return float(brentq(mean, -up - threshold, down + threshold, xtol=1e-13))
