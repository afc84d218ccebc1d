"""The share of wrongly ranked pairs against univariate, reweighted and pairwise losses."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import rare_labels


class RankingLossBounds(Sweep):
    """Scores f of n examples, of which a share tau has the label; the sizes are 1 / tau.

    Wu, Li and Yin 2023: with l(t) = log2(1 + exp(-t)), the share of pairs with f(x+) <= f(x-) is at most the pairwise
    loss, the mean of l(f(x+) - f(x-)), and at most the reweighted one, the mean of l(f(x+)) plus that of l(-f(x-)). Of
    the univariate loss, the mean over all examples, less is said: the reweighted loss is at most 1 / tau times it.

    Our derivation: a wrong pair has f(x+) <= 0 or f(x-) >= 0, and a mean over n tau examples is at most 1 / tau times
    the share that they have in the mean over n. Scores are inputs, of which the first decides on the label and others
    do not, times several factors, with the intercept log(tau / (1 - tau)).
    """

    paper = "macro_auc"
    swept = "1 / rate of the label"

    smallest: int = setting(2, low=2)
    largest: int = setting(20, low=3)
    steps: int = setting(3, low=2)
    examples: int = setting(200, low=20)
    """n."""

    def draw(self, size: int, random: Random) -> rare_labels.Label:
        rare = round(self.examples / size)
        return rare_labels.logistic("linear", 4, 1 / size, (rare, self.examples - rare), random)

    def measure(self, sample: rare_labels.Label, size: int) -> dict[str, float]:
        found = [sides(*(factor * kind[:, axis] for kind in sample)) for factor in (0.3, 1.0, 3.0) for axis in range(4)]
        error, pairwise, reweighted, univariate = np.array(found).T
        scaled = univariate * self.examples / len(sample[0])
        return {
            # at equal shares both sides of the last are the same number, but for rounding
            "broken": float(
                np.any(error > np.minimum(pairwise, reweighted)) or np.any(reweighted > scaled * (1 + 1e-9))
            ),
            "broken_unscaled": float(np.any(error > univariate)),
            "looseness_reweighted": float(np.log10(reweighted.mean() / error.mean())),
            "looseness_univariate": float(np.log10(scaled.mean() / error.mean())),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "violation": curves["broken"].max(1),
            "violation_unscaled": curves["broken_unscaled"][:, -1],
            "looseness_reweighted": curves["looseness_reweighted"][:, -1],
            "looseness_univariate": curves["looseness_univariate"][:, -1],
        }


def sides(high: Array, low: Array) -> tuple[float, float, float, float]:
    """Of scores with the label and without: the share of wrong pairs, the pairwise, reweighted and univariate loss."""
    pairs, offset = high[:, None] - low, np.log(len(high) / len(low))
    right, wrong = _loss(high + offset), _loss(-low - offset)
    univariate = (right.sum() + wrong.sum()) / (len(high) + len(low))
    return (pairs <= 0).mean(), _loss(pairs).mean(), right.mean() + wrong.mean(), univariate


def _loss(margins: Array) -> Array:
    return np.logaddexp(0, -margins) / np.log(2)
