"""Adam, one adaptive rate, and gradient descent on a quadratic function, along its axes and in rotated coordinates."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import quadratics

BETA_1, BETA_2, EPSILON = 0.9, 0.99, 1e-8
RATES = np.array([0.01, 0.03, 0.1, 0.3])[:, None]


class RotatedAdamToy(Check):
    """f(w) = w'Hw / 2, where H is diagonal or Q diag Q' with a random rotation Q, from w and from Qw.

    Xie, Mohamadi and Li 2025: what Adam's convergence depends on is smoothness in the maximum norm, and with it the sum
    of all |H_ij|, the (1,1)-norm. Rotated coordinates make that larger and Adam slower, while gradient descent, and
    Adam with one second moment for all coordinates, go the same way. The one size is the dimension d, the eigenvalues
    go from 1 to 1/1000 evenly in the logarithm, and each way has the best of four rates, which fall linearly to zero;
    gradient descent has 1.9 over the largest eigenvalue. What is ours: the problem, and the rotated (1,1)-norm. Its
    diagonal sums to tr H, and its d (d - 1) other entries have a mean square of (d |H|^2 - tr(H)^2) / (d + 2) over
    their number and are nearly normal. What is simplified: the theorem is about noisy gradients, which these are not.
    """

    paper = "adam_linf"

    dimensions: int = setting(100, low=2)
    iterations: int = setting(500, low=1)
    condition: float = setting(1000.0, low=1.0)
    """Largest eigenvalue over the smallest. The control: 1, where a rotation changes nothing."""

    def sizes(self) -> list[int]:
        return [self.dimensions]

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        return quadratics.both(self._eigenvalues(), random)

    def _eigenvalues(self) -> Array:
        return np.geomspace(1, 1 / self.condition, self.dimensions)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        hessians, starts = sample
        norms = quadratics.norms(hessians)
        ends = [*_adaptive(hessians, starts, self.iterations), _descent(hessians, starts, self.iterations)]
        adam, shared, descent = (np.log(quadratics.values(hessians, found)).min(-1) for found in ends)
        return {
            "log_ratio": float(adam[1] - adam[0]),
            "log_ratio_shared": float(shared[1] - shared[0]),
            "log_ratio_descent": float(descent[1] - descent[0]),
            "log_ratio_norm": float(np.log(norms[1] / norms[0])),
            "norm": float(norms[1]),
        }

    def predicted(self, size: int) -> dict[str, float]:
        trace, squares = self._eigenvalues().sum(), (self._eigenvalues() ** 2).sum()
        others = 2 / np.pi * size * (size - 1) * max(size * squares - trace**2, 0.0) / (size + 2)
        return {"norm": float(trace + np.sqrt(others))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = super().summary(sizes, curves)
        deviation = found.pop("norm") / self.predicted(sizes[-1])["norm"] - 1
        return {**found, "deviation_norm": deviation}


def _adaptive(hessians: Array, starts: Array, iterations: int) -> Array:
    """(2, 2, rates, d) ends of Adam, and of Adam with the mean of all second moments for each."""
    w = np.broadcast_to(starts[:, None], (2, 2, len(RATES), starts.shape[-1])).copy()
    first, second = np.zeros_like(w), np.zeros_like(w)
    for step in range(1, iterations + 1):
        gradient = w @ hessians
        squares = gradient**2
        squares[1] = squares[1].mean(-1, keepdims=True)
        first = BETA_1 * first + (1 - BETA_1) * gradient
        second = BETA_2 * second + (1 - BETA_2) * squares
        scale = np.sqrt(second / (1 - BETA_2**step)) + EPSILON
        w -= RATES * (1 - (step - 1) / iterations) / (1 - BETA_1**step) * first / scale
    return w


def _descent(hessians: Array, starts: Array, iterations: int) -> Array:
    """(2, 1, d)"""
    w = starts[:, None].copy()
    for _ in range(iterations):
        w -= 1.9 * (w @ hessians)
    return w
