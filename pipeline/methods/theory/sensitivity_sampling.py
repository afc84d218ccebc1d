"""How well rows sampled by their sensitivity keep absolute norms, exactly, in three dimensions."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes

TRIALS = 10


class SensitivitySampling(Sweep):
    """Rows a_i with probabilities in proportion to s_i = max_x |a_i.x| / |A x|_1, each divided by its expected number.

    Woodruff and Yasuda 2023: with S = sum s_i, about S^(2/p) / eps^2 rows so chosen keep all |A x|_p up to a factor of
    1 +- eps, for p from 1 to 2, up to logarithms; about d / eps^2 do with probabilities in proportion to s^(p/2) of the
    leverage scores s. Here p = 1 and d = 3, and m rows are drawn one by one, so that the distortion should be of order
    S / sqrt(m), or sqrt(3 / m), with a constant that the theorem leaves open. A has normal rows, three of which are
    made much longer.

    All is exact: a ratio of two such norms is largest over x at a corner of the ball of its denominator, since its
    numerator is convex, and corners are orthogonal to two rows (our derivation; the tests compare with linear
    programs). The smallest ratio is the inverse of a largest one. The sizes are m, and a repetition has ten samples.
    """

    paper = "lp_sensitivity"
    swept = "rows sampled m"
    rates = {"distortion": -0.5, "distortion_leverage": -0.5}

    smallest: int = setting(16, low=1)
    largest: int = setting(256, low=1)
    steps: int = setting(3, low=2)
    rows: int = setting(100, low=4)
    long: int = setting(3, low=0)
    """Number of long rows; without any is the control."""
    length: float = setting(100.0, low=0.0)

    def draw(self, size: int, random: Random) -> tuple[Array, Random]:
        matrix = random.normal(size=(self.rows, 3))
        matrix[: self.long] *= self.length / np.linalg.norm(matrix[: self.long], axis=1, keepdims=True)
        return matrix, random

    def measure(self, sample: tuple[Array, Random], size: int) -> dict[str, float]:
        matrix, random = sample
        shares = corners(matrix)
        sensitivities = shares.max(0)
        leverages = (np.linalg.qr(matrix)[0] ** 2).sum(1)
        ways = {"": sensitivities, "_leverage": np.sqrt(leverages), "_uniform": np.ones(self.rows)}
        found = {"sensitivity": float(sensitivities.sum())}
        for name, scores in ways.items():
            chances = scores / scores.sum()
            weights = random.multinomial(size, chances, TRIALS) / (size * chances)
            found[f"distortion{name}"] = float(distortions(shares, weights).mean())
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found, roots = curves["distortion"], np.sqrt(sizes)
        return {
            "exponent": slopes(sizes, found),
            "level": (found * roots / curves["sensitivity"]).max(1),
            "log_ratio_leverage": np.log(curves["distortion_leverage"] / found).mean(1),
            "log_ratio_uniform": np.log(curves["distortion_uniform"] / found).mean(1),
        }


def corners(matrix: Array) -> Array:
    """(K, n) shares |a_i.x| / |A x|_1 of rows (n, 3) at every x that is orthogonal to two of them."""
    left, right = np.triu_indices(len(matrix), 1)
    parts = np.abs(np.cross(matrix[left], matrix[right]) @ matrix.T)
    each = np.arange(len(left))
    parts[each, left] = parts[each, right] = 0
    found: Array = parts / parts.sum(1, keepdims=True)
    return found


def distortions(shares: Array, weights: Array) -> Array:
    """(T,) largest |ratio - 1| of weighted (T, n) to plain norms."""
    ratios = shares @ weights.T
    found: Array = np.maximum(ratios.max(0) - 1, 1 - ratios.min(0))
    return found
