"""Accelerated SGD against SGD on least squares, exactly: bias along each axis of the covariance, and variance."""

from pipeline.methods.theory import Check, Random, np, setting
from pipeline.ops import least_squares_sgd

CUTOFFS = np.array([5.0, 10.0, 20.0])
LARGE = (1, 2)
SMALL = (20, 50, 100)


class AcceleratedSgd(Check):
    """Mean of the later half of the iterates, for normal inputs with the variances 1 / i^2 along axes i = 1, 2, ...

    Li, Deng, Wu, Zhou and Gu 2023: (i) along axes of small variance the bias of accelerated SGD falls faster than that
    of SGD, along those of large variance slower; (ii) its variance is always larger; so that (iii) it risks less where
    the start is off mostly along small ones. Bias is the risk without noise, variance that of a start at the optimum.

    The paper's covariance is this one too; the steps are our choice: delta = 1 / (6 sum of variances) for both, and
    gamma = 1 / (6 sum of those beyond a cutoff), for cutoffs at 5, 10 and 20 axes. Every ratio is the one least in
    favour of the theorem over cutoffs and axes. Our derivation: along small variances both iterates move as one, by a
    step of (gamma + delta) / 2, and along large ones the modulus of the mean step is the root of alpha (1 - beta)
    (1 - delta l), above 1 - delta l where l > 2 beta / (delta (1 + beta)).
    """

    paper = "asgd_risk"
    draws = False

    dimensions: int = setting(200, low=100)
    iterations: int = setting(1000, low=2)
    plain: bool = setting(False)
    """The control: a momentum that leaves SGD as it is."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        variances = np.arange(1, self.dimensions + 1.0) ** -2.0
        delta = np.full(len(CUTOFFS), 1 / (6 * variances.sum()))
        beyond = np.array([variances[int(cutoff) :].sum() for cutoff in CUTOFFS])
        gamma = delta if self.plain else 1 / (6 * beyond)
        # the last of the settings side by side is SGD
        steps = least_squares_sgd.momentum(
            np.append(delta, delta[0]), np.append(gamma, delta[0]), np.append(CUTOFFS, 1)
        )
        axes = {axis: np.eye(self.dimensions)[axis - 1] / variances[axis - 1] for axis in (*LARGE, *SMALL)}
        starts = [*axes.values(), 0 * variances, axes[20] + axes[50], axes[1] + axes[2]]
        noises = np.array([0.0] * len(axes) + [1.0, 0.01, 0.01])
        risks = least_squares_sgd.risks(
            steps, variances, np.array(starts)[:, None], noises[:, None, None], self.iterations
        )["tail"]
        *bias, variance, _, _ = np.log(risks[:, :-1] / risks[:, -1:])
        ratios = {axis: found[:, axis - 1] for axis, found in zip(axes, bias, strict=True)}
        whole = np.log(risks.sum(2)[:, :-1] / risks.sum(2)[:, -1:])
        return {
            "log_ratio_small": float(max(ratios[axis].max() for axis in SMALL)),
            "log_ratio_large": float(min(ratios[axis].min() for axis in LARGE)),
            "log_ratio_variance": float(variance.min()),
            "log_ratio_start_small": float(whole[-2].max()),
            "log_ratio_start_large": float(whole[-1].min()),
        }
