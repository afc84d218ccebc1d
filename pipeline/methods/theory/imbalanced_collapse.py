"""Class means of deep linear networks on imbalanced data: orthogonal, of lengths set by the counts of the classes."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.linear_features import LinearFeatures, cosines, joined

COUNTS = (48, 24)
"""Of the other classes; that of the third is the size."""


class ImbalancedCollapse(Sweep):
    """Min (1 / 2N) |W_M ... W_1 H - Y|^2 + (l_W / 2) sum_j |W_j|^2 + (l_H / 2) |H|^2 over the layers and H.

    Dang, Tran, Osher, Tran-The, Ho and Nguyen 2023, on imbalanced data without bias: at global minima the features of
    a class are all alike, class means are orthogonal, and |h_k|^2 = x^M / (N l_H (x^M + 1)^2). Here x is the largest
    root of M x^(M-1) / (x^M + 1)^2 = b_k with b_k = M N (N l_W^M l_H)^(1/M) / n_k, or 0, a class without features.

    So in the authors' code. Our derivation, in which each class is a problem of one number, gives the same roots, and
    adds that they are better than 0 where 1 / (x^M + 1) + b_k x is below 1, so up to b_k = (M - 1)^((M-1)/M) / M.
    Deep networks have local minima without a class beside it. So sizes avoid what is between that limit and the one
    on roots, layers are wider than need be, and training, by L-BFGS on all examples, starts from large weights, where
    there are several layers twice, of which the lower end counts.
    """

    paper = "deep_linear_collapse"
    swept = "examples of the rare class"

    smallest: int = setting(2, low=1)
    largest: int = setting(64, low=1)
    steps: int = setting(6, low=2)
    depth: int = setting(1, low=1, high=6)
    weight_decay: float = setting(0.02, low=0.0)
    feature_decay: float = setting(0.03, low=0.0)
    plain: bool = setting(False)
    """The control: trained without decay."""

    def draw(self, size: int, random: Random) -> tuple[LinearFeatures, list[Array]]:
        labels = np.repeat(np.arange(3), [*COUNTS, size])
        decays = (0.0, 0.0) if self.plain else (self.weight_decay, self.feature_decay)
        network = LinearFeatures(labels, 12, self.depth, *decays)
        return network, [network.started(random, 2.0) for _ in range(1 if self.depth == 1 else 2)]

    def measure(self, sample: tuple[LinearFeatures, list[Array]], size: int) -> dict[str, float]:
        network, starts = sample
        parts = min(map(network.trained, starts), key=lambda each: network.loss(joined(each))[0])
        layers = network.means(parts)
        stated = self.lengths(size)
        kept = stated > 0
        found = np.linalg.norm(layers[0], axis=0)
        return {
            "rare": float(found[2]),
            "error": float(np.abs(found - stated).max() / stated.max()),
            "cosine": float(np.abs([cosines(means[:, kept]) for means in layers]).max()),
            "spread": network.spread(parts),
        }

    def lengths(self, size: int) -> Array:
        """Of the class means, as stated."""
        counts = np.array([*COUNTS, size])
        return np.array(
            [_length(int(n), counts.sum(), self.depth, self.weight_decay, self.feature_decay) for n in counts]
        )

    def predicted(self, size: int) -> dict[str, float]:
        return {"rare": float(self.lengths(size)[2])}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        stated = np.array([self.predicted(size)["rare"] for size in sizes])
        largest = stated.max()
        return {
            "deviation": curves["error"].max(1),
            "level_cosine": curves["cosine"].max(1),
            "level_spread": curves["spread"].max(1),
            "level_vanished": (curves["rare"][:, stated == 0] / largest).max(1),
        }


def _length(count: int, total: int, depth: int, weight_decay: float, feature_decay: float) -> float:
    from scipy.optimize import brentq

    b = depth * total * (total * weight_decay**depth * feature_decay) ** (1 / depth) / count

    def slope(x: float) -> float:
        return float(b - depth * x ** (depth - 1) / (x**depth + 1) ** 2)

    # its least value is here, and beyond it the largest root
    peak = ((depth - 1) / (depth + 1)) ** (1 / depth)
    if slope(peak) >= 0:
        return 0.0
    x = float(brentq(slope, peak, 1e6, xtol=1e-14))
    if 1 / (x**depth + 1) + b * x >= 1:
        return 0.0
    return float(np.sqrt(x**depth / (total * feature_decay)) / (x**depth + 1))
