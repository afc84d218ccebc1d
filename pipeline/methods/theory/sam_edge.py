"""Where the sharpness of the smallest model that is quadratic in its parameters settles under SAM."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.quadratic_dynamics import Pair, settled


class SamEdge(Sweep):
    """SAM with eta = 1 on z^2 / 2, z = (theta_1^2 - eps theta_2^2) / 2, with the gradient at theta + rho f'(theta).

    Agarwala and Dauphin 2023: on models that are quadratic in the parameters SAM without normalisation moves the edge
    of stability from 2 / eta to where lambda (1 + rho lambda) = 2 / eta. The sizes are rho / eta in hundredths.

    The formula was known to us at second hand; it is derived once more here: near z = 0 the ascent multiplies z by
    1 + rho lambda, and the step takes eta lambda times that off z, so that z keeps its size and turns its sign where
    eta lambda (1 + rho lambda) = 2. That the sharpness rises to this point and stays is what iterating shows. As for
    gradient descent it settles slightly below, by the order of eps.

    Starts lie on a grid, below the edge and with z so negative that gradient flow would go past it.
    """

    paper = "sam_eos"
    draws = False
    swept = "100 rho / step size"

    smallest: int = setting(5, low=1)
    largest: int = setting(40, low=2)
    steps: int = setting(4, low=2)
    side: int = setting(8, low=5)
    """Of the grid of starts."""
    eps: float = setting(0.01, low=1e-3, high=0.1)
    iterations: int = setting(20_000, low=100)
    """At most; it ends where all residuals are gone."""
    normalised: bool = setting(False)
    """The control: the ascent has length rho, however small the gradient."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        radius, edge = size / 100, self.predicted(size)["sharpness"]
        squared, residual = np.meshgrid(np.linspace(0.6, 0.9, self.side), np.linspace(-0.25, 0, self.side))
        start = Pair.started(edge * squared.ravel(), edge * residual.ravel(), self.eps)
        found = settled(start, 1.0, self.iterations, radius, self.normalised).curvature
        rising = found[start.curvature - 2 * start.residual > 1.1 * edge]
        ratio = rising * (1 + radius * rising) / 2
        return {"sharpness": float(np.median(rising)), "error": float(np.abs(ratio - 1).max())}

    def predicted(self, size: int) -> dict[str, float]:
        radius = size / 100
        return {"sharpness": (np.sqrt(1 + 8 * radius) - 1) / (2 * radius)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"deviation": curves["error"].max(1), "level": curves["sharpness"][:, -1] / 2}
