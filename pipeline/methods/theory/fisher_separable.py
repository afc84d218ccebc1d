"""Steps of a gradient-regularised Newton method with Fisher's matrix on data that can be separated, by their margin."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import newton
from pipeline.ops.rates import slopes

LIMIT = 3000
LEVELS = (1e-2, 1e-5, 1e-6, 1e-7)


class FisherSeparable(Sweep):
    """Logistic regression without an intercept on pairs (1 / s, z) and (1 / s, -c z), of which the margin is 1 / s.

    The theorem of `regularised_newton` has C1 = inf f = 0 here, so that a linear rate is all that is left of it; but
    there is no minimiser, and D is the length at which a point has a loss of eps, about s log(1 / eps). With C2 = D
    (from f - inf f <= |g| D) its number of steps is D^2 at most, of order s^2. Our derivation of why Fisher's matrix
    is no help at small losses: its weights are squares of the gradient's, so that it vanishes against |g| / gamma;
    steps have length gamma, which the search keeps in proportion to the margin, as it does without a matrix, and
    move margins by gamma / s of order 1 / s^2. The Hessian's weights are as large as the gradient's.

    The sizes are s. What is counted is steps to a loss of 1e-2, from 1e-5 to 1e-6, and from there to 1e-7.
    """

    paper = "grad_norm_smooth"
    swept = "1 / margin"
    rates = {"earlier": 2.0, "later": 2.0}

    smallest: int = setting(4, low=1)
    largest: int = setting(8, low=1)
    steps: int = setting(3, low=2)
    pairs: int = setting(10, low=1)
    dimensions: int = setting(4, low=2)
    exact: bool = setting(False)
    """The control: the Hessian in place of Fisher's matrix."""

    def draw(self, size: int, random: Random) -> Array:
        across = random.normal(size=(self.pairs, self.dimensions - 1))
        other = -random.uniform(0.2, 1, size=(self.pairs, 1)) * across
        return np.hstack([np.full((2 * self.pairs, 1), 1 / size), np.vstack([across, other])])

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        matrix = newton.exact if self.exact else newton.fisher
        start, first, second, third = self._counted(sample, matrix)
        plain = self._counted(sample, None)
        return {
            "start": start,
            "start_plain": plain[0],
            "earlier": second - first,
            "later": third - second,
            "later_plain": plain[3] - plain[2],
        }

    def _counted(self, rows: Array, weigh: newton.Weights | None) -> list[float]:
        start = np.zeros(self.dimensions)
        path = newton.descend(newton.logistic(rows, weigh), start, lambda loss, _: loss <= LEVELS[-1], LIMIT)[0]
        return [newton.steps_to(path[:, 0], level) for level in LEVELS]

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "exponent": slopes(sizes, curves["later"]),
            "log_ratio": np.log(curves["later"] / curves["earlier"]).mean(1),
            "log_ratio_start": np.log(curves["start_plain"] / curves["start"]).mean(1),
            "log_ratio_plain": np.log(curves["later_plain"] / curves["later"]).mean(1),
        }
