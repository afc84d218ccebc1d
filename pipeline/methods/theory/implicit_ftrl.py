"""Follow-the-regularised-leader with a proximal step in the place of a subgradient, over step sizes."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.online import absolute_leader
from pipeline.ops.rates import slopes


class ImplicitFtrl(Sweep):
    """w_t minimises lambda_t |w|^2 / 2 + sum of past z_s.w, with losses |w.x_t - y_t| and lambda_t = sqrt(t) / alpha.

    Chen and Orabona 2023: in place of a subgradient g_t, a z_t for which H_t(z) = psi*_{t+1}(theta_t - z) + l*_t(z) is
    no larger than at g_t gives a smaller bound on regret, psi*_{t+1} being the conjugate of the regulariser and theta_t
    minus the sum of past z_s. Here z_t minimises H_t, which is implicit FTRL: z_t = s x_t with
    s = clip((theta_t.x_t - lambda_{t+1} y_t) / |x_t|^2, -1, 1), since l*_t(s x_t) = s y_t (our derivation). The sizes
    are 10 alpha. Data are noiseless, so that all loss is regret.
    """

    paper = "generalized_ftrl"
    swept = "10 x step size"

    smallest: int = setting(1, low=1)
    largest: int = setting(1000, low=1)
    steps: int = setting(7, low=2)
    rounds: int = setting(300, low=1)
    dimensions: int = setting(5, low=1)
    noise: float = setting(0.0, low=0.0)
    """Of labels; with it, steps that fit each label are no longer right."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        x = random.normal(size=(self.rounds, self.dimensions))
        theta = random.normal(size=self.dimensions)
        return x, x @ theta / np.linalg.norm(theta) + self.noise * random.normal(size=self.rounds)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        x, y = sample
        found = {}
        for name, implicit in (("linear", False), ("implicit", True)):
            found[name] = float(absolute_leader(x, y, size / 10, implicit)["losses"].mean())
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        linear, implicit = curves["linear"], curves["implicit"]
        return {
            "exponent": slopes(sizes, implicit, last=3),
            "exponent_linear": slopes(sizes, linear, last=3),
            "gap": (implicit - linear).max(1),
            "log_ratio": np.log(implicit.min(1) / linear.min(1)),
        }
