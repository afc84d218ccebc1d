"""How near subgradient steps come to the minimum of |x|, and gradient steps to that of a smooth function."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class SubgradientRate(Sweep):
    """T steps x <- x - eta f'(x) on f(x) = |x| from starts in [1, 2], with eta = 1 / sqrt(T) or with one for all T.

    Kumar 2024: methods for functions that are not differentiable converge otherwise than gradient descent on L-smooth
    ones, so that rates of the latter say nothing of networks with kinks. The rates are classical: 1 / sqrt(T) against
    1 / T, and no convergence with a constant step size. The sizes are T. What is ours is the choice of functions. On
    |x| iterates end on two points x and x - eta in turn, x uniform in [0, eta], so that |x| is eta / 2 on average. The
    smooth side is the worst case for step 1 and starts in [-1, 1], Huber's function of width 1 / (2T + 1), on which
    T steps from 1 leave exactly 1 / (4T + 2). In one dimension this shows the rates, and proves no worst case for |x|.
    """

    paper = "gd_non_smooth"
    swept = "steps T"

    smallest: int = setting(30, low=30)
    """Fewer do not lead from the farthest start to zero."""
    largest: int = setting(3000, low=30)
    steps: int = setting(5, low=2)
    starts: int = setting(200, low=1)
    """Averaged over before the logarithm."""
    constant: float = setting(0.1, low=0.1, high=1.0)

    def draw(self, size: int, random: Random) -> Array:
        return random.uniform(1, 2, self.starts)

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        eta = np.repeat([[1 / np.sqrt(size)], [self.constant]], self.starts, axis=1)
        x, smooth, width = np.stack([sample, sample]), 1.0, 1 / (2 * size + 1)
        for _ in range(size):
            x = x - eta * np.sign(x)
            smooth -= min(max(smooth / width, -1.0), 1.0) * width
        ended = smooth**2 / (2 * width) if abs(smooth) < width else abs(smooth) - width / 2
        decaying, constant = np.abs(x).mean(1)
        # Huber's function with slope `width` beyond it: its second derivative is 1 inside
        return {"kink": float(decaying), "kink_constant": float(constant), "smooth": width * ended}

    def predicted(self, size: int) -> dict[str, float]:
        return {"kink": 0.5 / np.sqrt(size), "kink_constant": self.constant / 2, "smooth": 1 / (4 * size + 2)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "exponent": slopes(sizes, curves["kink"]),
            "exponent_constant": slopes(sizes, curves["kink_constant"]),
            "exponent_smooth": slopes(sizes, curves["smooth"]),
        }
