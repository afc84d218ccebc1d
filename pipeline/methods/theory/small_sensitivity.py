"""Matrices whose total sensitivity to absolute norms is as small as the root of their rank."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class SmallSensitivity(Sweep):
    """S = sum of max_x |a_i.x| / |A x|_1 over rows, for directions drawn evenly in d dimensions.

    Woodruff and Yasuda 2023 say of the S^2 rows that suffice at p = 1 that some matrices need them. Ours is the reading
    that fewer than d rows have a rank below d, so that they lose some |A x| altogether, while S comes near to
    1 / E|u.x| = sqrt(pi) Gamma((d + 1) / 2) / Gamma(d / 2), about sqrt(pi d / 2), where there are many rows: S^2 is of
    the order of d. In general S is at most d. A sensitivity is 1 over the largest u with A^T z = u a_i and all
    |z_i| <= 1, by duality: a linear program. Rows are alike in distribution, and the mean of a few stands for all.

    The sizes are d.
    """

    paper = "lp_sensitivity"
    swept = "dimensions d"

    smallest: int = setting(4, low=2)
    largest: int = setting(16, low=2)
    steps: int = setting(3, low=2)
    copies: int = setting(40, low=1)
    """Rows per dimension."""
    axes: bool = setting(False)
    """The control: copies of the axes in place of directions drawn evenly."""

    def draw(self, size: int, random: Random) -> Array:
        if self.axes:
            return np.tile(np.eye(size), (self.copies, 1))
        rows = random.normal(size=(self.copies * size, size))
        found: Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        return {"total": len(sample) * float(np.mean([sensitivity(sample, row) for row in range(2)]))}

    def predicted(self, size: int) -> dict[str, float]:
        from scipy.special import gammaln

        if self.axes:
            return {"total": float(size)}
        return {"total": float(np.sqrt(np.pi) * np.exp(gammaln((size + 1) / 2) - gammaln(size / 2)))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        expected = [self.predicted(size)["total"] for size in sizes]
        return {
            "exponent": slopes(sizes, curves["total"]),
            "deviation": (curves["total"] / expected).mean(1) - 1,
        }


def sensitivity(matrix: Array, row: int) -> float:
    """max over x of |a_row.x| / |A x|_1."""
    from scipy.optimize import linprog

    equal = np.hstack([matrix.T, -matrix[row][:, None]])
    bounds = [(-1, 1)] * len(matrix) + [(0, None)]
    cost = np.append(np.zeros(len(matrix)), -1.0)
    found = linprog(cost, A_eq=equal, b_eq=np.zeros(len(equal)), bounds=bounds, method="highs")
    return float(-1 / found.fun)
