"""The sharpness at which gradient descent keeps oscillating, on a loss that is convex, Lipschitz and differentiable."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting


class HuberEdge(Sweep):
    """x <- x - eta f'(x), f Huber's function: x^2 / (2 kappa) for |x| < kappa and |x| - kappa / 2 beyond.

    Kumar 2024: the edge of stability, where the largest curvature hovers about 2 / eta while the loss does not settle,
    is not what happens on such functions. The sizes are eta / kappa, above 2, with eta = 1. What is ours: the example.
    Within kappa every step leads farther away, and whatever lies between kappa and eta - kappa goes to and fro between
    x and x - eta for ever, where the curvature is 0. There the loss is (eta - kappa) / 2 on average.

    The control has a loss that is not convex, (1 - u v)^2 / 2, from valleys a little sharper than 2 / eta, where
    eta = 1 / size; there the edge is seen by the same measurement.
    """

    paper = "gd_non_smooth"
    swept = "step size / kink"

    smallest: int = setting(3, low=3)
    largest: int = setting(30, low=3)
    steps: int = setting(4, low=2)
    starts: int = setting(100, low=1)
    iterations: int = setting(500, low=2)
    product: bool = setting(False)
    """The control: a product of two parameters."""

    def draw(self, size: int, random: Random) -> Array:
        """(2, starts): uniform in [0, 1]."""
        return random.uniform(size=(2, self.starts))

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        return _product(sample, 1 / size, self.iterations) if self.product else _huber(sample, size, self.iterations)

    def predicted(self, size: int) -> dict[str, float]:
        return {"edge": 1.0} if self.product else {"edge": 0.0, "loss": (1 - 1 / size) / 2}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = {"level": curves["edge"].mean(1)}
        if self.product:
            return found
        predicted = np.array([self.predicted(size)["loss"] for size in sizes])
        return {**found, "deviation_loss": np.abs(curves["loss"] / predicted - 1).max(1)}


def _huber(sample: Array, size: int, iterations: int) -> dict[str, float]:
    x, kappa = 4 * sample[0] - 2, 1 / size
    for _ in range(iterations):
        x = x - np.clip(x / kappa, -1, 1)
    pair = np.abs(np.stack([x, x - np.clip(x / kappa, -1, 1)]))
    loss = np.where(pair < kappa, pair**2 / (2 * kappa), pair - kappa / 2)
    return {"edge": float((pair < kappa).mean() / kappa / 2), "loss": float(loss.mean())}


def _product(sample: Array, eta: float, iterations: int) -> dict[str, float]:
    """Where u v = 1 the curvature is u^2 + v^2."""
    u = np.sqrt(2 / eta * (1 + 0.05 * sample[0]))
    v = (1 + 0.01 * sample[1]) / u
    for _ in range(iterations):
        error = u * v - 1
        u, v = u - eta * error * v, v - eta * error * u
    return {"edge": float((eta / 2 * (u**2 + v**2)).mean()), "loss": float(((u * v - 1) ** 2 / 2).mean())}
