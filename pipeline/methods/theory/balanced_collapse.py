"""Class means of deep linear networks on balanced data: a simplex with a bias, and orthogonal without one."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.linear_features import LinearFeatures, cosines, joined

EXAMPLES = 10
"""n, of each class."""
DECAY = 0.003
"""l, of every layer and of the features."""
SHALLOW = 1


class BalancedCollapse(Check):
    """Free features of K classes of n = 10 examples each; the sizes are numbers M of layers.

    Dang, Tran, Osher, Tran-The, Ho and Nguyen 2023, on balanced data: at global minima of squares or cross-entropy with
    weight decay the features of a class are all alike, and class means are equally long and at equal angles, after
    every layer. The cosine is -1 / (K - 1), that of a simplex equiangular tight frame, with a bias in the last layer,
    and 0 for squares without one.

    Trained by L-BFGS from random starts, and of all pairs of classes and layers the cosine furthest off counts. What is
    at a global minimum cannot be told from one training, so the least loss that the stated geometry allows is held
    against trained ones (our derivation: with all layers balanced, decay costs (M + 1) / 2 l (sqrt(n) z)^(2/(M+1)) for
    each direction in which outputs are z times the targets). For cross-entropy and deep networks Garrod and Keating
    2025 prove lower losses of lower rank.
    """

    paper = "deep_linear_collapse"
    swept = "layers"

    depth: int = setting(4, low=1, high=6)
    """The largest M."""
    classes: int = setting(4, low=2)
    """K."""
    bias: bool = setting(False)
    cross_entropy: bool = setting(False)
    plain: bool = setting(False)
    """The control: trained without decay."""

    def sizes(self) -> list[int]:
        return list(range(1, self.depth + 1))

    def draw(self, size: int, random: Random) -> tuple[LinearFeatures, Array]:
        labels = np.repeat(np.arange(self.classes), EXAMPLES)
        decay = 0.0 if self.plain else DECAY
        network = LinearFeatures(labels, 12, size, decay, decay, self.bias, self.cross_entropy)
        return network, network.started(random, 2.0)

    def measure(self, sample: tuple[LinearFeatures, Array], size: int) -> dict[str, float]:
        network, start = sample
        parts = network.trained(start)
        layers = network.means(parts)
        found = np.concatenate([cosines(means) for means in layers])
        lengths = np.array([np.linalg.norm(means, axis=0) for means in layers])
        return {
            "cosine": float(found[np.abs(found - self.predicted(size)["cosine"]).argmax()]),
            "lengths": float((lengths.max(1) / lengths.min(1)).max() - 1),
            "spread": network.spread(parts),
            "lower": float(network.loss(joined(parts))[0] < 0.9999 * self.least(size)),
        }

    def least(self, size: int) -> float:
        """The least loss of the stated geometry."""
        from scipy.optimize import minimize_scalar

        directions = self.classes - self.bias

        def loss(log: float) -> float:
            z = np.exp(log)
            fit = (
                np.log1p((self.classes - 1) * np.exp(-z))
                if self.cross_entropy
                else directions / self.classes * (z - 1) ** 2 / 2
            )
            return float(fit + directions * (size + 1) / 2 * DECAY * (np.sqrt(EXAMPLES) * z) ** (2 / (size + 1)))

        return float(minimize_scalar(loss, bounds=(-1, 3), method="bounded", options={"xatol": 1e-9}).fun)

    def predicted(self, size: int) -> dict[str, float]:
        return {"cosine": -1 / (self.classes - 1) if self.bias else 0.0}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        shallow, stated = np.array(sizes) <= SHALLOW, self.predicted(1)["cosine"]
        return {
            "level_cosine": _furthest(curves["cosine"], stated),
            "level_cosine_shallow": _furthest(curves["cosine"][:, shallow], stated),
            "level_spread": curves["spread"].max(1),
            "deviation": curves["lengths"].max(1),
            "violation": curves["lower"].max(1),
            "violation_shallow": curves["lower"][:, shallow].max(1),
        }


def _furthest(values: Array, centre: float) -> Array:
    """(R,) of each row (R, S) what is furthest from the centre."""
    return np.take_along_axis(values, np.abs(values - centre).argmax(1)[:, None], axis=1)[:, 0]
