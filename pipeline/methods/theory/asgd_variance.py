"""The variance of accelerated SGD against that of SGD, exactly, over drawn covariances and steps."""

from typing import Any

from pipeline.methods.theory import Check, Random, np, setting
from pipeline.ops import least_squares_sgd

SETTINGS = 20


class AsgdVariance(Check):
    """Excess risk of the mean of the later half of the iterates, from a start at the optimum, with noisy labels.

    Li, Deng, Wu, Zhou and Gu 2023: that of accelerated SGD is always larger. Here variances fall as a power between
    1.1 and 3, iterations are 20 to 100, and of each draw 20 settings are made, with delta up to 1 / (6 sum of
    variances), gamma between delta and 1 / (6 sum of variances beyond a cutoff), and cutoffs of up to half the axes.
    The setting least in favour of the theorem counts.
    """

    paper = "asgd_risk"

    dimensions: int = setting(50, low=4)
    shorter: bool = setting(False)
    """The control: gamma less than delta, against the assumption."""

    def draw(self, size: int, random: Random) -> dict[str, Any]:
        variances = np.arange(1, self.dimensions + 1.0) ** -random.uniform(1.1, 3)
        cutoff = random.integers(1, self.dimensions // 2, SETTINGS)
        delta = random.uniform(0.1, 1, SETTINGS) / (6 * variances.sum())
        longest = 1 / (6 * variances[::-1].cumsum()[::-1][cutoff])
        share = random.uniform(0, 1, SETTINGS)
        gamma = delta * share if self.shorter else delta + share * (longest - delta)
        return {
            "variances": variances,
            # accelerated in the first half, plain in the second
            "steps": least_squares_sgd.momentum(np.tile(delta, 2), np.append(gamma, delta), np.tile(cutoff, 2)),
            "iterations": int(random.integers(20, 101)),
        }

    def measure(self, sample: dict[str, Any], size: int) -> dict[str, float]:
        variances, iterations = sample["variances"], sample["iterations"]
        risks = least_squares_sgd.risks(sample["steps"], variances, 0 * variances, 1.0, iterations)["tail"].sum(1)
        least = float(np.log(risks[:SETTINGS] / risks[SETTINGS:]).min())
        return {"violation": float(least < -1e-12), "log_ratio": least}
