"""Iterations that logistic regression needs on one rare point, with a plain and with a normalised gradient."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import separable
from pipeline.ops.rates import slopes


class NormalizedLrGd(Sweep):
    """y a = (0.5, -1) once and (0.5, 1) in all other n - 1 examples, from theta = 0.

    Tyurin 2025: though margin and norms do not depend on n, gradient descent with large steps needs a number of
    iterations of the order of n until all are on their side; divided by the mean of 1 / (1 + exp(y_i a_i.theta)), the
    gradient needs a number that for large steps does not depend on n. The sizes are n. What is ours: the first
    step leaves the rare point at gamma times 1/8 - (1 - 2/n) / 2, and each further one adds gamma 5/(4n) times its
    weight, which falls from 1 to 1/2 near the boundary. That makes n (0.3 + 0.8 / gamma), and 0.2 more.
    """

    paper = "lr_perceptron"
    draws = False
    swept = "examples n"

    smallest: int = setting(50, low=4)
    largest: int = setting(1600, low=4)
    steps: int = setting(6, low=2)
    step_size: float = setting(100.0, low=0.0)
    most: int = setting(2000, low=1)
    """Iterations after which to give up."""
    balanced: bool = setting(False)
    """The control: both kinds of point equally often."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        rare = size // 2 if self.balanced else 1
        signed = np.column_stack([np.full(size, 0.5), np.ones(size)])
        signed[:rare, 1] = -1
        ways = {"plain": separable.logistic(self.step_size), "normalised": separable.normalised(self.step_size)}
        return {name: float(separable.iterations(signed, way, self.most)) for name, way in ways.items()}

    def predicted(self, size: int) -> dict[str, float]:
        return {"plain": 1.0 if self.balanced else size * (0.3 + 0.8 / self.step_size) + 0.2}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "exponent_plain": slopes(sizes, curves["plain"]),
            "exponent": slopes(sizes, curves["normalised"]),
        }
