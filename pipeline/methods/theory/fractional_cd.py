"""Coordinate descent on fractions: end points that no other method lowers, and others that it lowers itself."""

from pipeline.methods.theory import Check, Random, np, setting
from pipeline.ops import fractional


class FractionalCd(Check):
    """min (f + h) / g with f = |A x - b|^2 / 2, h = weight |x|_1 and g the sum of the largest entries of |x|.

    Yuan 2023: coordinate descent that solves each subproblem of one dimension globally converges to coordinate-wise
    stationary points. Where g is convex these are critical and directional points, while the converse fails; where it
    is concave all critical points are global minima.

    So the proximal subgradient method, which stays at critical points, must not lower what coordinate descent ends at,
    from any start, and coordinate descent lowers some of what it ends at. For a concave g, height - |x|^2 / 2, both end
    at one value from any start, which is the control as well. Subproblems are solved in closed form, without the
    proximal term that the paper allows; coordinates are cyclic. Whether a point is lowered is judged to a millionth.
    """

    paper = "fcd"

    examples: int = setting(12, low=1)
    columns: int = setting(6, low=3)
    top: int = setting(2, low=1)
    weight: float = setting(0.3, low=0.0)
    concave: bool = setting(False)

    requires = ("top < columns",)

    def draw(self, size: int, random: Random) -> tuple[fractional.Problem, np.ndarray]:
        """A problem, and a start of length 2 for either method."""
        a = random.normal(size=(self.examples, self.columns)) / np.sqrt(self.examples)
        truth = 2 * random.normal(size=self.columns) * (np.arange(self.columns) < self.top)
        b = a @ truth + random.normal(size=self.examples) / 2
        starts = random.normal(size=(2, self.columns))
        starts *= 2 / np.linalg.norm(starts, axis=1, keepdims=True)
        return fractional.Problem(a, b, self.weight, 0 if self.concave else self.top), starts

    def measure(self, sample: tuple[fractional.Problem, np.ndarray], size: int) -> dict[str, float]:
        problem, (start, other) = sample
        coordinates = fractional.coordinate_descent(problem, start)
        proximal = fractional.proximal_subgradient(problem, other)
        values = [problem.value(each) for each in (coordinates, proximal)]
        after = problem.value(fractional.proximal_subgradient(problem, coordinates))
        after_converse = problem.value(fractional.coordinate_descent(problem, proximal))
        return {
            "violation": float(after < values[0] * (1 - 1e-6)),
            "violation_converse": float(after_converse < values[1] * (1 - 1e-6)),
            "log_ratio": float(np.log(values[1] / values[0])),
            "gap": abs(values[1] - values[0]),
        }
