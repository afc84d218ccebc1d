"""Least squares by conjugate gradients with a sketched preconditioner: iterations at any number of unknowns."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import sketches
from pipeline.ops.rates import slopes


class SketchedPreconditioner(Sweep):
    """The solver of argmin |A x - b| that makes alternating minimisation nearly linear in time.

    Gu, Song, Yin and Zhang 2024: with R of the QR factors of a sketch S A, the columns of A R^-1 are nearly
    orthonormal, so that a number of iterations that does not depend on A or on its number of columns k gives high
    accuracy. An iteration takes 2 k multiplications a row, and exact normal equations k^2, which is how the time
    becomes O~(|Omega| k) in place of O~(|Omega| k^2).

    The sizes are k. A has 2 k^2 rows and singular values from 1 to k, and S has 8 k normal rows, so that those
    of A R^-1 are within a factor of about 2. Iterations of conjugate gradients until the gradient is less by a factor
    of ten thousand are counted. The control leaves R out.
    """

    paper = "robust_altmin"
    swept = "unknowns k"
    rates = {"iterations": 0.0}

    smallest: int = setting(24, low=2)
    largest: int = setting(48, low=2)
    steps: int = setting(3, low=2)
    plain: bool = setting(False)

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        basis = np.linalg.qr(sample.normal(size=(2 * size**2, size)))[0]
        turned = np.linalg.qr(sample.normal(size=(size, size)))[0]
        a = basis * np.geomspace(1, size, size) @ turned
        b = sample.normal(size=len(a))
        r = np.eye(size) if self.plain else np.linalg.qr(sketches.gaussian(8 * size, a, sample))[1]
        x, iterations = conjugate_gradients(np.linalg.solve(r.T, a.T).T, b, 1e-4)
        error = np.linalg.norm(a @ np.linalg.solve(r, x) - basis @ (basis.T @ b)) / np.linalg.norm(basis.T @ b)
        return {"iterations": float(iterations), "error": float(error)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        iterations = curves["iterations"]
        multiplications = iterations * 2 * np.array(sizes)
        return {
            "exponent": slopes(sizes, iterations),
            "exponent_time": slopes(sizes, multiplications),
            "level": curves["error"].max(1),
        }


def conjugate_gradients(a: Array, b: Array, accuracy: float, most: int = 10_000) -> tuple[Array, int]:
    """argmin |A x - b| from 0, until |A'(A x - b)| is so much less than at 0, with the number of iterations."""
    x, rest = np.zeros(a.shape[1]), a.T @ b
    direction, square = rest, float(rest @ rest)
    least, count = accuracy**2 * square, 0
    while square > least and count < most:
        step = a.T @ (a @ direction)
        along = square / float(direction @ step)
        x, rest = x + along * direction, rest - along * step
        direction, square = rest + float(rest @ rest) / square * direction, float(rest @ rest)
        count += 1
    return x, count
