"""Where the sharpness of the smallest model that is quadratic in its parameters settles under gradient descent."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.quadratic_dynamics import Pair, settled
from pipeline.ops.rates import slopes


class QuadraticModelEdge(Sweep):
    """Gradient descent with eta = 1 on z^2 / 2, z = (theta_1^2 - eps theta_2^2) / 2.

    Agarwala, Pedregosa and Pennington 2023: for small eps there is an open set of starts from which the eigenvalue
    lambda = |dz / dtheta|^2 of the tangent kernel rises and settles a little below the edge 2 / eta, off by the order
    of eps. The sizes are 1 / eps. Another eta only changes units: z and theta^2 are divided by it.

    What is ours: the constant, (2 - lambda) / eps -> (1 - target) / 2, where z has a target taken off it that the paper
    has at 0. With c = lambda / 2 - z + O(eps), constant where eps = 0, two steps take z to z - 4 z^3 at c = 1, and
    z^2 shrinks or grows with c - 1; one step takes c to c - eps (1 - target) z^2 on average. Of both follows where c is
    when z has died out. And which starts: those that gradient flow, which ends near lambda - 2 z, takes past the edge.

    Starts lie on a grid, of theta_1^2 from 1.2 to 2 and z from -0.5 to 0, since where they settle hardly depends on it.
    """

    paper = "second_order_regression"
    draws = False
    swept = "1 / eps"

    smallest: int = setting(50, low=10)
    largest: int = setting(400, low=20)
    steps: int = setting(4, low=2)
    side: int = setting(10, low=5)
    """Of the grid of starts."""
    target: float = setting(0.0, low=0.0, high=0.5)
    """The control: above 0, where the paper's value no longer holds."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        squared, residual = np.meshgrid(np.linspace(1.2, 2, self.side), np.linspace(-0.5, 0, self.side))
        start = Pair.started(squared.ravel(), residual.ravel(), 1 / size, self.target)
        offset = (2 - settled(start, 1.0, 200 * size).curvature) * size
        ahead, near = start.curvature - 2 * start.residual, np.abs(offset) < 3
        rising = (start.curvature < 1.9) & (ahead > 2.1)
        return {
            "edge": float(near[rising].mean()),
            "edge_short": float(near[ahead < 1.9].mean()),
            "offset": float(np.median(offset[rising])),
            "spread": float(np.ptp(offset[rising])),
        }

    def predicted(self, size: int) -> dict[str, float]:
        return {"edge": 1.0, "edge_short": 0.0, "offset": (1 - self.target) / 2}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "level": curves["edge"].min(1),
            "level_short": curves["edge_short"].max(1),
            "gap": curves["offset"][:, -1],
            "deviation": curves["spread"][:, -1],
            "exponent": slopes(sizes, curves["offset"] / np.array(sizes)),
        }
