"""How far a sphere is from random training examples, against cubes of as much area."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.difficulty import log_transport
from pipeline.ops.rates import slopes

FRESH = 4
"""Fresh examples for each training example."""


class TrainingTransport(Sweep):
    """W1 between n random points and the uniform law on a sphere of dimension m and radius 1; the sizes are n.

    Boopathy, Liu, Hwang, Ge, Mohammedsaleh and Fiete 2023 (authors' code) take it for sqrt(m / 6) (area / n)^(1 / m),
    the root mean square distance of two random points of a cube of a training example's share of the area. Functions
    that fit err by no more than their Lipschitz constant times W1. Here fresh points are assigned to training points,
    each to be had four times, at the least mean distance along the sphere; this is more than to the law itself.
    """

    paper = "task_difficulty"
    swept = "examples n"

    smallest: int = setting(16, low=2)
    largest: int = setting(128, low=3)
    steps: int = setting(4, low=2)
    dimension: int = setting(4, low=1)
    """m."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        points = random.normal(size=((1 + FRESH) * size, self.dimension + 1))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        return points[:size], points[size:]

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        return {"transport": transport(*sample)}

    def predicted(self, size: int) -> dict[str, float]:
        return {"transport": float(np.exp(log_transport(self.dimension, size)))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = curves["transport"]
        stated = np.array([self.predicted(size)["transport"] for size in sizes])
        return {"exponent": slopes(sizes, found), "looseness": np.log10(stated / found).min(1)}


def transport(trained: Array, fresh: Array) -> float:
    """The least mean angle, where each training point takes as many fresh ones."""
    from scipy.optimize import linear_sum_assignment

    angles = np.arccos(np.clip(np.repeat(trained, len(fresh) // len(trained), axis=0) @ fresh.T, -1, 1))
    return float(angles[linear_sum_assignment(angles)].mean())
