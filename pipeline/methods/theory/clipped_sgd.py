"""Clipped stochastic gradient descent, simulated: where it stays, and that smaller steps do not help."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class ClippedSgd(Sweep):
    """x <- x - eta min(1, c / |g|) g with g = x + xi, on f(x) = x^2 / 2, from the minimum x = 0.

    Koloskova, Hendrikx and Stich 2023: with noise of variance sigma^2, clipped steps do not reach the minimum however
    small they are. The sizes are 1 / eta. What is ours: the worst noise of two values, u^-1 with probability
    u^2 / (1 + u^2) and -u else, where sigma = 1 and u = 1 / (2 c). Its mean of clipped gradients vanishes at
    x = 1 / (4 c), about which steps stay by the order of the root of eta. Chains are as many as there are, each of
    10 / eta steps, and what they started from has faded by exp(-8).
    """

    paper = "clipping_bias"
    swept = "1 / step size"

    smallest: int = setting(10, low=2)
    largest: int = setting(100, low=2)
    steps: int = setting(4, low=2)
    chains: int = setting(500, low=1)
    threshold: float = setting(1.0, low=0.5)
    """c, which sets the noise too."""
    unclipped: bool = setting(False)
    """The control: the same noise, and no clipping."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        u = 1 / (2 * self.threshold)
        most = np.inf if self.unclipped else self.threshold
        x = np.zeros(self.chains)
        for _ in range(10 * size):
            rare = sample.random(self.chains) < u**2 / (1 + u**2)
            x = x - np.clip(x + np.where(rare, 1 / u, -u), -most, most) / size
        return {"bias": float(x.mean()), "gradient": float(np.abs(x).mean())}

    def predicted(self, size: int) -> dict[str, float]:
        return {"bias": 0.0 if self.unclipped else 1 / (4 * self.threshold)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        bias, predicted = curves["bias"].mean(1), self.predicted(sizes[-1])["bias"]
        return {
            "exponent": slopes(sizes, curves["gradient"]),
            "deviation": bias / predicted - 1 if predicted else bias,
        }
