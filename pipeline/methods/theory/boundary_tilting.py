"""How near a linear boundary lies to images, and how little that has to do with its accuracy."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import newton_logistic
from pipeline.ops.small_sets import digits

TILTED = 10.0
"""The weight of a classifier's own direction is divided by so much."""


class Images(NamedTuple):
    features: Array
    """(n, d) of two classes."""
    signs: Array
    """(n,) 1 and -1."""
    learnt: int
    """So many are for training, the rest held out."""


class BoundaryTilting(Check):
    """Pairs of classes of digits. B is the boundary of the nearest-centroid classifier, C that of another linear one.

    Tanay and Griffin 2016: the adversarial strength of C, the mean distance of a class's images to B over that to C, is
    1 / cos of the angle between the two normals where C passes midway between the centroids. Tilting C along a
    direction in which images hardly vary makes it as large as one likes and leaves accuracy as it is. It grows as the
    penalty falls. Ours: digits in the place of MNIST's, logistic regression, a tenfold tilt.
    """

    paper = "boundary_tilting"

    first_component: bool = setting(False)
    """A control: tilts along the direction in which images vary most."""
    shift: float = setting(0.0, low=0.0, high=0.9)
    """A control: moves C by this share of the way to the centroid of the class that distances are of."""

    def draw(self, size: int, random: Random) -> Images:
        """A pair of classes, half of whose images are trained on."""
        features, labels = digits()
        one, other = random.choice(10, 2, replace=False)
        order = random.permutation(np.flatnonzero((labels == one) | (labels == other)))
        return Images(features[order], np.where(labels[order] == one, 1.0, -1.0), len(order) // 2)

    def measure(self, sample: Images, size: int) -> dict[str, float]:
        x, y = sample.features[: sample.learnt], sample.signs[: sample.learnt]
        ahead, behind = x[y > 0].mean(0), x[y < 0].mean(0)
        centre, normal = (ahead + behind) / 2, unit(ahead - behind)
        path, w = [], None
        for penalty in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
            w = newton_logistic.fit(x, y, penalty, w)
            path.append(w)
        strengths = [1 / (unit(w[:-1]) @ normal) for w in path]
        directions = [unit(w[:-1]) for w in path]
        point = centre + self.shift * (ahead - centre)
        nearest, other = (np.abs((x[y > 0] - at) @ each) for at, each in ((centre, normal), (point, directions[-1])))
        tilted = self._tilted(directions[0], x, normal)
        return {
            "deviation": float(nearest.mean() / other.mean() / strengths[-1] - 1),
            "log_ratio": float(np.log(strengths[-1] / strengths[0])),
            "holds": float(np.all(np.diff(strengths) > 0)),
            "gap": accuracy(sample, path[0]) - accuracy(sample, path[-1]),
            "log_ratio_tilted": float(-np.log(tilted @ normal * strengths[0])),
            "gap_tilted": accuracy(sample, through(tilted, centre)) - accuracy(sample, through(directions[0], centre)),
        }

    def _tilted(self, direction: Array, x: Array, normal: Array) -> Array:
        """Of length 1: a tenth of it along `direction`, the rest along a principal component made orthogonal to it.

        The least, but for those in which the images do not vary at all; towards the class that is ahead.
        """
        variances, components = np.linalg.eigh(np.cov(x.T))
        which = -1 if self.first_component else int(np.argmax(variances > 1e-12))
        component = components[:, which]
        across = unit(component - component @ direction * direction)
        towards = 1.0 if across @ normal > 0 else -1.0
        return direction / TILTED + np.sqrt(1 - 1 / TILTED**2) * towards * across


def unit(vector: Array) -> Array:
    found: Array = vector / np.linalg.norm(vector)
    return found


def through(direction: Array, point: Array) -> Array:
    """Weights and bias of the boundary with this normal that passes through the point."""
    return np.append(direction, -direction @ point)


def accuracy(sample: Images, w: Array) -> float:
    """Of held-out images."""
    x, y = sample.features[sample.learnt :], sample.signs[sample.learnt :]
    return float((y * (x @ w[:-1] + w[-1]) > 0).mean())
