"""Univariate, reweighted and pairwise losses for the area under the ROC curve, as a label becomes rare."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import ranking_losses, rare_labels

RIDGES = [1.0, 0.3, 0.1, 0.03, 0.01]
FRESH = 400
"""Examples of either kind to choose a penalty by, and as many again to measure with."""


class MacroAuc(Sweep):
    """Linear scores of n examples, of which a share tau has the label; the sizes are 1 / tau.

    Wu, Li and Yin 2023 train on the univariate loss (the mean of l(y f(x)) over all examples), the reweighted (its mean
    over those with the label plus that over those without) or the pairwise (the mean of l(f(x+) - f(x-)) over pairs).
    Bounds on the macro-averaged AUC have a worse factor of 1 / tau for the univariate loss (`RankingLossBounds`), from
    which they expect it to rank worse as tau falls, and find so on ten sets of data.

    Here l is logistic and labels are of a logistic model of one of three scores, or sets of five digits. What is ours:
    exactly n tau examples with the label; one label a repetition, since labels do not share weights; for each loss the
    best of five penalties by fresh examples, measured on others. Functions in the analysis have no intercept, those in
    use have one, and both are tried.
    """

    paper = "macro_auc"

    smallest: int = setting(2, low=2)
    largest: int = setting(20, low=3)
    steps: int = setting(2, low=2)
    examples: int = setting(400, low=20)
    """n."""
    inputs: int = setting(30, low=2)
    """Dimensions of what is drawn."""
    scores: str = setting("linear", choices=("linear", "cubic", "union", "digits"))
    intercept: bool = setting(True)
    """Without a penalty; the pairwise loss needs none."""
    centred: bool = setting(False)
    """The mean of the training examples is taken off all inputs, which does much of an intercept's work."""

    def draw(self, size: int, random: Random) -> list[list[Array]]:
        """Examples with the label, and without it: to train, to choose and to measure."""
        rare = round(self.examples / size)
        trained = (rare, self.examples - rare)
        if self.scores == "digits":
            label = rare_labels.digit_set(random)
        else:
            wanted = (trained[0] + 2 * FRESH, trained[1] + 2 * FRESH)
            label = rare_labels.logistic(self.scores, self.inputs, 1 / size, wanted, random)
        return [np.split(kind, [n, (n + len(kind)) // 2]) for kind, n in zip(label, trained, strict=True)]

    def measure(self, sample: list[list[Array]], size: int) -> dict[str, float]:
        """The AUC of each loss."""
        trained, chosen, measured = zip(*sample, strict=True)
        mean = np.concatenate(trained).mean(0) if self.centred else 0.0
        found = {}
        for loss in ranking_losses.LOSSES:
            weights = ranking_losses.fitted(trained[0] - mean, trained[1] - mean, loss, RIDGES, self.intercept)[:, :-1]
            # an intercept, or a shift of the inputs, moves all scores alike, which the AUC does not see
            best = weights[ranking_losses.auc(*(weights @ kind.T for kind in chosen)).argmax()]
            found[loss] = float(ranking_losses.auc(*(kind @ best for kind in measured)))
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        reweighted, pairwise = (curves[loss] - curves["univariate"] for loss in ("reweighted", "pairwise"))
        return {
            "gap": reweighted[:, -1],
            "gap_balanced": reweighted[:, 0],
            "gap_pairwise": pairwise[:, -1],
            "gap_pairwise_balanced": pairwise[:, 0],
            "level": curves["univariate"][:, -1],
        }
