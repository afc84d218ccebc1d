"""Sketched least squares: how evenly the error is spread over coordinates, by dense sketches and by a sparse one."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import sketches
from pipeline.ops.rates import slopes


class LinfSketch(Sweep):
    """x' = argmin |S A x - S b| against x* = argmin |A x - b|, for sketches S of m rows.

    Song, Ye, Yin and Zhang 2023: a dense sketch of m = d log^3(n / delta) / eps^2 rows gives, with probability
    1 - delta, max |x' - x*| <= eps / sqrt(d) |A x* - b| |A^+|, and only dense sketches do. So eps, that is
    rho = max |x' - x*| sqrt(d) / (|A x* - b| |A^+|), falls as one over the root of m, and at m in proportion to d does
    not grow with d, but for logarithms.

    The instance is ours: A is d columns of the identity, and b has 2 m / d equal entries in other rows. A sketch with
    one entry a column adds an entry of b to about two coordinates of x', and the error is theirs alone, so that rho
    is the root of d / (2 m / d): it grows as the root of d. The sizes are d, and rho is the root of a mean square over
    sketches. The largest of d normal errors grows as the root of 2 log(2 d), which is divided out of all.
    """

    paper = "linf_regression"
    swept = "dimensions d"
    rates = {"gaussian": 0.0, "hadamard": 0.0}

    smallest: int = setting(8, low=2)
    largest: int = setting(64, low=2)
    steps: int = setting(3, low=2)
    oversampling: int = setting(8, low=4)
    """m / d; four times as many rows show how errors fall."""
    dense_columns: bool = setting(False)
    """The control: columns of A, and b, that are random and dense, on which a sparse sketch does no harm."""
    sketched: int = setting(3, low=1)
    """Dense sketches of each kind in a repetition; four times as many sparse ones, whose errors are large or 0."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        """The first rows of a dense sketch are a sketch of fewer rows, whose scale changes no solution."""
        rows, instance, found = self.oversampling * size, self._instance(size, sample), {}
        for kind in self._dense():
            whole = [sketches.apply(kind, 4 * rows, *instance, sample) for _ in range(self.sketched)]
            found[kind] = _rho([each[:rows] for each in whole])
            found[f"{kind}_more_rows"] = _rho(whole)
        sparse = [sketches.apply("count", rows, *instance, sample) for _ in range(4 * self.sketched)]
        return {**found, "sparse": _rho(sparse)}

    def _dense(self) -> list[str]:
        return ["gaussian"] if self.dense_columns else ["gaussian", "hadamard"]

    def _instance(self, size: int, random: Random) -> tuple[Array, Array]:
        """Orthonormal columns and a unit vector at right angles to them, so that x* = 0. Rows of zeros are left out."""
        if self.dense_columns:
            joined = np.linalg.qr(random.normal(size=(2 * self.oversampling * size, size + 1)))[0]
        else:
            joined = np.zeros((size + 2 * self.oversampling, size + 1))
            joined[:size, :size], joined[size:, -1] = np.eye(size), 1 / np.sqrt(2 * self.oversampling)
        return joined[:, :-1], joined[:, -1]

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = {f"exponent_{kind}": slopes(sizes, curves[kind]) for kind in [*self._dense(), "sparse"]}
        for kind in self._dense():
            quotients = np.log(curves[f"{kind}_more_rows"] / curves[kind])
            found[f"exponent_rows_{kind}"] = (quotients / np.log(4)).mean(1)
        return {**found, "gap": found["exponent_sparse"] - found["exponent_gaussian"]}


def _rho(sketched: list[Array]) -> float:
    """From sketches of (A, b)."""
    size = sketched[0].shape[1] - 1
    largest = [np.abs(sketches.least_squares(each)).max() for each in sketched]
    return float(np.sqrt(size * np.mean(np.square(largest)) / (2 * np.log(2 * size))))
