"""Logistic regression with steps of growing size, against the batch perceptron that it becomes."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import separable


class BatchLimit(Sweep):
    """theta <- theta - gamma f'(theta) from zero, f the mean of log(1 + exp(-y_i a_i.theta)), on separable points.

    Tyurin 2025: as gamma grows, theta_t / gamma tends to the iterates of the batch perceptron, for almost all data:
    none may lie exactly on the boundary of an iterate. And the loss says little of how near a solution is: for
    y a = (1, -1) and (1, 4), f(theta_1) grows without bound, and theta_2 separates. The sizes are gamma.

    What is ours: f(theta_1) is gamma / 8 in the limit, since the first point has margin -gamma / 4 after one step, and
    3 gamma / 4 after two. And the exceptional points of the control: (1, -2) has margin 0 after the first step, where
    logistic regression adds half of it, and the perceptron all.

    Simplified: points are normal, and the labels go with the first coordinate, to which nothing here is sensitive.
    """

    paper = "lr_perceptron"
    swept = "normaliser gamma"

    smallest: int = setting(100, low=1)
    largest: int = setting(1_000_000, low=1)
    steps: int = setting(5, low=2)
    points: int = setting(100, low=2)
    dimensions: int = setting(20, low=1)
    shift: float = setting(0.3, low=0.0)
    length: int = setting(50, low=2)
    """Iterations over which paths are compared; the largest distance counts."""
    exceptional: bool = setting(False)
    """The control: a point that lies on the boundary after the first step."""

    def draw(self, size: int, random: Random) -> Array:
        if self.exceptional:
            return np.array([[1.0, -2.0], [1.0, 3.0]])
        return separable.drawn(self.points, self.dimensions, self.shift, random)

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        found = separable.path(sample, separable.logistic(size), self.length) / size
        distance = np.linalg.norm(found - separable.path(sample, separable.perceptron, self.length), axis=1).max()
        pair = np.array([[1.0, -1.0], [1.0, 4.0]])
        first, second = (pair @ separable.path(pair, separable.logistic(size), 2).T).T
        loss = np.logaddexp(0, -first).mean()
        return {"distance": float(distance), "loss": float(loss), "margin": float(second.min() / size)}

    def predicted(self, size: int) -> dict[str, float]:
        return {"loss": size / 8, "margin": 0.75}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "level": curves["distance"][:, -1],
            "deviation_loss": np.abs(8 * curves["loss"] / np.array(sizes) - 1).max(1),
            "level_margin": curves["margin"].min(1),
        }
