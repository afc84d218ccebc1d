"""Optimistic mirror descent in a ball, where losses drift slowly and gradients have noise."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.online import optimistic
from pipeline.ops.rates import slopes

CHAINS = 20


class OptimisticOmd(Sweep):
    """x_t = P(xh_t - eta_t g_{t-1}), xh_{t+1} = P(xh_t - eta_t g_t), in the unit ball, where D = 2.

    Chen, Zhang, Tu, Zhao and Zhang 2023: for smooth convex losses the expected regret is
    O(sqrt(sigma^2_{1:T}) + sqrt(Sigma^2_{1:T})), by sums of the variances of gradients and of the squares by which
    their means change from one round to the next. Here eta_t = D / sqrt(4 G^2 + V_{t-1}), with V_t the sum of
    |g_s - g_{s-1}|^2 and G the largest |g|. Our derivation: regret is at most D sqrt(4 G^2 + V_T) 3 / 2, whatever the
    losses are; how loose that is under noise is measured.

    Two experiments. Drift: a linear loss whose sign changes once, at T / 2, without noise; regret is against the best
    point of each half, which is more than against one point. Noise: F(x) = |x - c|^2 / 2 with |c| = 1/2, gradients
    with noise of norm sigma in a random direction, and regret in F against c. The sizes are T.
    """

    paper = "optimistic_sea"
    swept = "rounds T"
    rates = {"drift": 0.0, "noise": 0.5}

    smallest: int = setting(50, low=2)
    largest: int = setting(800, low=2)
    steps: int = setting(5, low=2)
    noise: float = setting(0.5, low=0.0)
    """sigma."""
    hint: bool = setting(True)
    """Off in the control: 0 stands for the last gradient, which is gradient descent with steps by sums of squares."""

    def draw(self, size: int, random: Random) -> Array:
        """(T, chains, 2) directions; they have one distribution in the plane."""
        drawn = random.normal(size=(size, CHAINS, 2))
        return drawn / np.linalg.norm(drawn, axis=2, keepdims=True)

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        axis, halves = np.array([1.0, 0.0]), np.where(np.arange(size) < size // 2, 1.0, -1.0)

        def gradients(t: int, x: Array) -> Array:
            return np.vstack([halves[t] * axis, x[1:] - axis / 2 + self.noise * sample[t]])

        largest = np.array([1.0] + [1.5 + self.noise] * CHAINS)
        found = optimistic(gradients, largest, size, self.hint)
        drift, noise = found["points"][:, 0, 0], found["points"][:, 1:]
        return {
            "drift": float((halves * drift + 1).sum()),
            "noise": float(((noise - axis / 2) ** 2).sum() / 2 / CHAINS),
            "regret": float(found["regrets"][1:].mean()),
            "bound": float(found["regret_bounds"][1:].mean()),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "exponent": slopes(sizes, curves["drift"]),
            "exponent_noise": slopes(sizes, curves["noise"]),
            "looseness": np.log10(curves["bound"] / curves["regret"]).min(1),
        }
