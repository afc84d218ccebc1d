"""A single loop for two levels of optimisation whose lower one has many solutions: their weighted average."""

from itertools import product

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class AveragedMultipliers(Sweep):
    """min over x of F(x, y) with y among the minimisers of f(x, .), by sl-BAMM of Liu, Liu, Yao, Zeng and Zhang 2023.

    With psi = mu_k F + (1 - mu_k) f: y <- y - beta psi_y; v <- v - eta_k (psi_yy v - F_y); x <- x - alpha_k
    (F_x - psi_xy v), with mu_k = mu_0 (k + 1)^(-1 / p), eta_k = beta (k + 1)^(-tau / 2), alpha_k = beta mu_k^3
    (k + 1)^(-3 tau / 2); mu_0 = 0.9, p = 10 and tau = 1 / 40 are of the authors' code. The theorem is that a KKT
    point is approached though f(x, .) is only convex.

    The problem is the paper's of that kind, F = (x - y_2)^2 / 2 + (y_1 - 1)^2 / 2 and f = y_1^2 / 2 - x y_1, of which
    x = y_1 = y_2 = 1 is the solution; its coordinates do not meet, so that one stands for all. The sizes are numbers
    of steps, from all 27 starts with coordinates -1, 0.5 and 2. Ours is the pull, c x^2 / 2 in F, by which the levels
    disagree: with the weight held, psi's minimiser has y_1 - x = mu (1 - x) at x = (1 - mu)^2 / ((1 - mu)^2 + c).
    """

    paper = "sl_bamm"
    draws = False
    swept = "steps"

    smallest: int = setting(250, low=1)
    largest: int = setting(4000, low=1)
    steps: int = setting(5, low=2)
    rate: float = setting(0.5, low=1e-4, high=1.0)
    """beta."""
    averaged: bool = setting(True)
    """The control: mu_k = 0 in psi."""
    strong: bool = setting(False)
    """A control: (y_2 - x)^2 / 2 in f, which makes it strongly convex in y."""
    pull: float = setting(0.0, low=0.0)
    """c."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        x, y_1, y_2 = np.array(list(product([-1.0, 0.5, 2.0], repeat=3))).T
        v_1, v_2 = np.zeros_like(x), np.zeros_like(x)
        bent = float(self.strong)
        for k in range(size):
            weight = _weight(k)
            mu, decay = weight * self.averaged, (k + 1) ** (-1 / 80)
            upper_1, upper_2 = y_1 - 1, y_2 - x
            off_1, off_2 = v_1 - upper_1, (mu + (1 - mu) * bent) * v_2 - upper_2
            slope = x - y_2 + self.pull * x + (1 - mu) * v_1 + (mu + (1 - mu) * bent) * v_2
            y_1 = y_1 - self.rate * (mu * upper_1 + (1 - mu) * (y_1 - x))
            y_2 = y_2 - self.rate * (mu + (1 - mu) * bent) * upper_2
            v_1, v_2 = v_1 - self.rate * decay * off_1, v_2 - self.rate * decay * off_2
            x = x - self.rate * weight**3 * decay**3 * slope
        best = 1 / (1 + self.pull)
        lower = np.abs([y_1 - x, bent * (y_2 - x)])
        # F_y = f_yy v, F_x = f_xy v and f_y = 0
        rest = np.abs([v_1 - y_1 + 1, bent * v_2 - y_2 + x, x - y_2 + self.pull * x + v_1 + bent * v_2])
        return {
            "distance": float(np.abs([x - best, y_1 - best, y_2 - best]).max()),
            "residual": float(max(lower.max(), rest.max())),
            "lower": float(lower[0].mean()),
        }

    def predicted(self, size: int) -> dict[str, float]:
        mu = _weight(size - 1)
        return {"lower": mu * self.pull / ((1 - mu) ** 2 + self.pull)} if self.pull else {}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        if self.pull:
            followed = self.predicted(sizes[-1])["lower"]
            return {"deviation": curves["lower"][:, -1] / followed - 1, "exponent": slopes(sizes, curves["lower"])}
        return {"level": curves["distance"][:, -1], "level_residual": curves["residual"][:, -1]}


def _weight(k: int) -> float:
    return float(0.9 * (k + 1) ** -0.1)
