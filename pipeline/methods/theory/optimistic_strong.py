"""Optimistic gradient descent on a strongly convex function, exactly: regret grows as a logarithm."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting


class OptimisticStrong(Sweep):
    """x_t = xh_t - eta_t g_{t-1}, xh_{t+1} = xh_t - eta_t g_t, with g_t = x_t + noise, F(x) = |x|^2 / 2, xh_1 = e_1.

    Chen, Zhang, Tu, Zhao and Zhang 2023: for lambda-strongly convex smooth functions the expected regret is
    O(min{log(sigma^2_{1:T} + Sigma^2_{1:T}), (sigma_max^2 + Sigma_max^2) log T}). Here lambda = 1, losses have one
    mean, and steps eta_t = a / t with a = 2 are ours. Our derivation: E |xh_t|^2 is near a^2 sigma^2 / ((2a - 1) t),
    the hint changes it by the order of 1 / t^2, and regret grows as a^2 sigma^2 / (2 (2a - 1)) = 2 sigma^2 / 3 times
    log T. Everything is linear, so that second moments are exact and nothing is drawn. No ball is needed. The sizes
    are T, and the slope is that between the two largest.
    """

    paper = "optimistic_sea"
    draws = False
    swept = "rounds T"

    smallest: int = setting(100, low=3)
    largest: int = setting(6400, low=3)
    steps: int = setting(4, low=2)
    noise: float = setting(0.5, low=0.0)
    """sigma, the root of the noise's mean square."""
    slow: bool = setting(False)
    """The control: steps 1 / sqrt(t), which do not use the curvature."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        moments, regret = np.array([[1.0, 0.0], [0.0, 0.0]]), 0.0  # of xh_t and g_{t-1}
        for t in range(1, size + 1):
            eta = t**-0.5 if self.slow else 2 / t
            hinted = np.array([1.0, -eta])
            regret += float(hinted @ moments @ hinted) / 2
            move = np.array([[1 - eta, eta**2], hinted])
            moments = move @ moments @ move.T + self.noise**2 * np.array([[eta**2, -eta], [-eta, 1.0]])
        return {"regret": regret}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        regret = curves["regret"]
        slope = (regret[:, -1] - regret[:, -2]) / np.log(sizes[-1] / sizes[-2])
        return {"deviation": slope / (2 * self.noise**2 / 3) - 1} if self.noise else {"level": slope}
