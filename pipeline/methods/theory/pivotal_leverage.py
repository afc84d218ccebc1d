"""Labels bought by leverage and spread out by duels between neighbours, against labels bought independently."""

import functools
from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import parametric_targets, pivotal, polynomial_features

TRIALS = 10
TWICE = 2.0
"""What an error is asked to be, over that of all labels."""
SCHEMES = ("pivotal", "bernoulli", "pivotal_uniform", "bernoulli_uniform")


class PivotalLeverage(Sweep):
    """Least squares on polynomials: which k of n points to buy labels of, so that |A x - b| is near its least value.

    Shimizu, Cheng, Musco and Weare 2024: point i is bought with probability p_i = min(1, c t_i), its leverage score t_i
    scaled so that these sum to k, and its row divided by the root of p_i. Pivotal sampling keeps the p_i, but lets
    neighbours in a tree by space duel, so that samples spread; Bernoulli sampling takes each point by itself. The error
    of either, relative to |b|^2, is compared with that of all n labels, and with p_i that are all k / n.

    A are the polynomials of total degree 12 on a grid of 100 x 100 points, b what a differential equation gives there;
    degree, number of points and equations are those of the authors' experiments. Sizes are k in per cent of the number
    of features, errors medians of ten samples (theirs: of 1,000). The tree halves by one coordinate after another; in
    the paper's figures it does what one by principal components does. Errors are exact: with Q of A = QR,
    |Q y - b|^2 is that of all labels and |y - Q'b|^2.
    """

    paper = "pivotal_leverage"
    swept = "samples, % of features"

    smallest: int = setting(120, low=100)
    largest: int = setting(480, low=101)
    steps: int = setting(7, low=2)
    degree: int = setting(12, low=1, high=30)
    side: int = setting(100, low=50, high=400)
    target: str = setting("spring", choices=("spring", "heat", "surface"))
    spatial: bool = setting(True)
    """Whether the tree is one by space; if not its leaves are in random order, which is the control."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        made = problem(self.degree, self.side, self.target)
        count = round(len(made.best) * size / 100)
        tree = made.tree if self.spatial else sample.permutation(made.tree)
        leverage, even = (pivotal.inclusion(scores, count) for scores in (made.leverages, np.ones(len(made.values))))
        found = {}
        for name in SCHEMES:
            chances, errors = even if "uniform" in name else leverage, []
            for _ in range(TRIALS):
                independent = "bernoulli" in name
                chosen = pivotal.bernoulli(chances, sample) if independent else pivotal.pivotal(chances, tree, sample)
                found_by = polynomial_features.weighted(made.basis, made.values, chances, chosen)
                errors.append(made.full + float(((found_by - made.best) ** 2).sum()))
            found[f"error_{name}"] = float(np.median(errors))
        return found | {"error_all": made.full}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        logs = {name: np.log(curves[f"error_{name}"]) for name in SCHEMES}
        even = np.minimum(logs["pivotal_uniform"], logs["bernoulli_uniform"])
        target = np.log(TWICE * curves["error_all"][0, 0])
        needed = {name: reached(np.log(sizes), logs[name], target) for name in ("pivotal", "bernoulli")}
        return {
            "log_ratio": (logs["bernoulli"] - logs["pivotal"]).mean(1),
            "log_ratio_even": (even - logs["bernoulli"]).mean(1),
            "log_ratio_spread": (logs["bernoulli_uniform"] - logs["pivotal_uniform"]).mean(1),
            "log_ratio_needed": needed["bernoulli"] - needed["pivotal"],
            "level": np.exp(needed["pivotal"]) / 100,
        }


class Problem(NamedTuple):
    basis: Array
    """(n, d) orthonormal columns."""
    leverages: Array
    tree: Array
    values: Array
    """(n,) labels b of unit norm."""
    best: Array
    """(d,) least squares on all labels."""
    full: float
    """Their error."""


@functools.lru_cache(maxsize=4)
def problem(degree: int, side: int, target: str) -> Problem:
    points = polynomial_features.grid(side)
    basis = polynomial_features.orthonormal(points, degree)
    values = getattr(parametric_targets, target)(points)
    values = values / np.linalg.norm(values)
    best = basis.T @ values
    full = float(((values - basis @ best) ** 2).sum())
    return Problem(basis, (basis**2).sum(1), pivotal.leaves(points), values, best, full)


def reached(places: Array, curves: Array, level: float) -> Array:
    """(R,) where each of (R, S) falls below a level for good, between the places (S,), or at an end."""
    found = []
    for curve in curves:
        above = np.flatnonzero(curve > level)
        last = above[-1] if len(above) else -1
        if last in (-1, len(places) - 1):
            found.append(places[last if last > 0 else 0])
            continue
        share = (curve[last] - level) / (curve[last] - curve[last + 1])
        found.append(places[last] + share * (places[last + 1] - places[last]))
    return np.array(found)
