"""Univariate, reweighted and pairwise losses for the area under the ROC curve, as a label becomes rare."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import ranking_losses, rare_labels

RIDGES = [3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003]
CHOSEN, MEASURED = 400, 1000
"""Examples of either kind to choose a penalty by, and to measure with."""


class MacroAuc(Check):
    """Linear scores of n examples, of which a share tau has the label.

    Wu, Li and Yin 2023 train on the univariate loss (the mean of l(y f(x)) over all examples), the reweighted (its mean
    over those with the label plus that over those without) or the pairwise (the mean of l(f(x+) - f(x-)) over pairs).
    Bounds on the macro-averaged AUC have a worse factor of 1 / tau for the univariate loss (`RankingLossBounds`), from
    which they expect it to rank worse as tau falls, and find so on ten sets of data.

    Here l is logistic and labels are of a logistic model of one of three scores, or sets of five digits. What is ours:
    exactly n tau examples with the label, and for each loss the best of seven penalties by fresh examples, measured on
    others. The authors' code has an intercept that is penalised; here there is none, or one without a penalty.
    """

    paper = "macro_auc"

    imbalance: int = setting(20, low=2)
    """1 / tau."""
    examples: int = setting(400, low=20)
    """n."""
    labels: int = setting(5, low=1)
    """Each with examples of its own, since labels do not share weights."""
    inputs: int = setting(30, low=2)
    """Dimensions of what is drawn."""
    scores: str = setting("linear", choices=("linear", "cubic", "union", "digits"))
    intercept: bool = setting(True)
    """Without a penalty; the pairwise loss needs none."""
    centred: bool = setting(False)
    """The mean of the training examples is taken off all inputs, which does much of an intercept's work."""

    def draw(self, size: int, random: Random) -> list[list[list[Array]]]:
        return [self._label(random) for _ in range(self.labels)]

    def _label(self, random: Random) -> list[list[Array]]:
        """Examples with the label, and without it: to train, to choose and to measure."""
        rare = round(self.examples / self.imbalance)
        trained = (rare, self.examples - rare)
        if self.scores == "digits":
            label = rare_labels.digit_set(random)
        else:
            wanted = (trained[0] + CHOSEN + MEASURED, trained[1] + CHOSEN + MEASURED)
            label = rare_labels.logistic(self.scores, self.inputs, 1 / self.imbalance, wanted, random)
        return [np.split(kind, [n, n + CHOSEN]) for kind, n in zip(label, trained, strict=True)]

    def measure(self, sample: list[list[list[Array]]], size: int) -> dict[str, float]:
        """Means over labels, which is what macro-averaging is."""
        univariate, reweighted, pairwise = np.mean([self._ranked(label) for label in sample], axis=0)
        return {
            "gap": float(reweighted - univariate),
            "gap_pairwise": float(pairwise - univariate),
            "level": float(univariate),
        }

    def _ranked(self, label: list[list[Array]]) -> list[float]:
        """The AUC of each loss."""
        trained, chosen, measured = zip(*label, strict=True)
        mean = np.concatenate(trained).mean(0) if self.centred else 0.0
        found = []
        for loss in ranking_losses.LOSSES:
            weights = ranking_losses.fitted(trained[0] - mean, trained[1] - mean, loss, RIDGES, self.intercept)[:, :-1]
            # an intercept, or a shift of the inputs, moves all scores alike, which the AUC does not see
            best = weights[ranking_losses.auc(*(weights @ kind.T for kind in chosen)).argmax()]
            found.append(float(ranking_losses.auc(*(kind @ best for kind in measured))))
        return found
