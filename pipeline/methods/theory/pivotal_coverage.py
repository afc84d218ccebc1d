"""How evenly samples lie that neighbours duel for: exactly in every part of the square, and unbiased all the same."""

import functools
from typing import NamedTuple

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.methods.theory.pivotal_leverage import SCHEMES, problem
from pipeline.ops import pivotal, polynomial_features


class Samples(NamedTuple):
    where: dict[str, Array]
    """Scheme -> (k, 2) points bought."""
    surplus: dict[str, Array]
    """Scheme -> (k,) how many more than i were bought of the first points of the tree that i are expected of."""
    worst: float
    """The most by which a part of the square has more or fewer than its mean, by duels."""
    total: float
    """The weighted sum of labels of the points bought, over that of all."""
    number: int


class PivotalCoverage(Check):
    """Samples of 100 of 50 x 50 points with probabilities p_i by leverage, or alike, by duels and independently.

    Shimizu, Cheng, Musco and Weare 2024 spread samples and keep the p_i. Then a sum over the sample of b_i / p_i is
    right on average; all samples have k points; and since of what a duel brings together at most one is left over, each
    part of the square that the tree makes has its mean number of samples rounded up or down (our derivation). Points
    bought independently are drawn until there are k, as in the authors' figures, so that only their places differ.

    The sizes i are 1 to k: how many more than i were bought of the first points of the tree whose mean number that is.
    Each also stands for one of the points bought, for the figure of them.
    """

    paper = "pivotal_leverage"
    swept = "mean number of samples"

    samples: int = setting(100, low=2, high=2500)
    degree: int = setting(12, low=1, high=30)
    side: int = setting(50, low=50, high=400)
    spatial: bool = setting(True)
    """Whether the tree of the duels is one by space; if not its leaves are in random order, which is the control."""

    def sizes(self) -> list[int]:
        return list(range(1, self.samples + 1))

    def draw(self, size: int, random: Random) -> Samples:
        # the generator begins anew at every size: what it gives first names the sample of all of them
        return sampled(self.samples, self.degree, self.side, self.spatial, int(random.integers(2**62)))

    def measure(self, sample: Samples, size: int) -> dict[str, float]:
        found = {"worst": sample.worst, "total": sample.total, "number": float(sample.number)}
        for name in SCHEMES:
            found[f"surplus_{name}"] = float(sample.surplus[name][size - 1])
            found[f"across_{name}"], found[f"up_{name}"] = sample.where[name][size - 1].tolist()
        return found

    def predicted(self, size: int) -> dict[str, float]:
        return {"surplus_pivotal": 0.0, "surplus_bernoulli": 0.0}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        apart = {name: nearest(curves[f"across_{name}"], curves[f"up_{name}"]) for name in SCHEMES}
        return {
            "violation": (curves["worst"][:, 0] > 1 - 1e-9).astype(float),
            "holds": (curves["number"][:, 0] == self.samples).astype(float),
            "deviation": curves["total"][:, 0] - 1,
            "log_ratio": np.log(apart["pivotal"] / apart["bernoulli"]),
            "log_ratio_even": np.log(apart["pivotal_uniform"] / apart["bernoulli_uniform"]),
        }


@functools.lru_cache(maxsize=1)
def sampled(samples: int, degree: int, side: int, spatial: bool, seed: int) -> Samples:
    random, made = np.random.default_rng(seed), problem(degree, side, "spring")
    tree, points = made.tree if spatial else random.permutation(made.tree), polynomial_features.grid(side)
    ordered = made.tree[made.tree >= 0]
    where, surplus, chosen = {}, {}, {}
    for name in SCHEMES:
        chances = pivotal.inclusion(np.ones(len(points)) if "uniform" in name else made.leverages, samples)
        if "pivotal" in name:
            chosen[name] = pivotal.pivotal(chances, tree, random)
        else:
            chosen[name] = pivotal.bernoulli(chances, random)
            while chosen[name].sum() != samples:
                chosen[name] = pivotal.bernoulli(chances, random)
        ends = np.searchsorted(np.cumsum(chances[ordered]), np.arange(1, samples + 1) - 1e-9)
        surplus[name] = np.cumsum((chosen[name] - chances)[ordered])[np.minimum(ends, len(ordered) - 1)]
        where[name] = points[ordered[chosen[name][ordered]]]
    chances, bought = pivotal.inclusion(made.leverages, samples), chosen["pivotal"]
    total = float((made.values[bought] / chances[bought]).sum() / made.values.sum())
    return Samples(where, surplus, pivotal.worst_part(chances, bought, made.tree), total, int(bought.sum()))


def nearest(across: Array, up: Array) -> Array:
    """(R,) mean distances of points, given by coordinates (R, k), to their nearest."""
    squares = (across[:, :, None] - across[:, None]) ** 2 + (up[:, :, None] - up[:, None]) ** 2
    squares[:, np.arange(across.shape[1]), np.arange(across.shape[1])] = np.inf
    found: Array = np.sqrt(squares.min(2)).mean(1)
    return found
