"""Dictionaries learnt for points and labels at once, against the best reconstruction and a classifier on it."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import dictionary

STEPS = 100


class SupervisedDictionary(Check):
    """Accuracy of the classifier of supervised dictionary learning less that of logistic regression on components.

    Lee, Lyu and Yao 2022: supervision is the more effective the less the best reconstructive and the best
    discriminative dictionary agree. Two of eight features have standard deviations of 3 and 2, the others of 1; labels
    depend on one of the weak ones, or, as the control, on the strongest. Two atoms are learnt from 100 points by
    low-rank projected gradients, the classifier among them; the other way is two principal components and a
    logistic regression. Both see 400 new points.
    """

    paper = "sdl"

    agree: bool = setting(False)
    """The control: labels depend on what is largest."""
    xi: float = setting(0.003, low=1e-6)
    """The weight of reconstruction; a large one is a control."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        points = random.normal(size=(500, 8)) * np.array([3.0, 2, 1, 1, 1, 1, 1, 1])
        signal = points[:, 0] / 3 if self.agree else points[:, 2]
        return points, np.where(4 * signal + random.logistic(size=500) > 0, 1.0, -1.0)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        points, labels = sample
        problem = dictionary.Problem(points[:100], labels[:100], self.xi, 1.0)
        found = dictionary.descend(problem, np.zeros((8, 101)), 2, 1.0, STEPS)[-1]
        components = np.linalg.svd(points[:100], full_matrices=False)[2][:2]
        parts = dictionary.Problem(points[:100] @ components.T, labels[:100], 1.0, 1.0)
        classifier = components.T @ dictionary.logistic(parts)
        learnt = float((points[100:] @ found[:, 0] * labels[100:] > 0).mean())
        unsupervised = float((points[100:] @ classifier * labels[100:] > 0).mean())
        missed = [np.square(each.T - points[:100]).sum() for each in (found[:, 1:], components.T @ parts.points.T)]
        return {
            "level": learnt,
            "gap": learnt - unsupervised,
            "log_ratio": float(np.log(missed[0] / missed[1])),
        }
