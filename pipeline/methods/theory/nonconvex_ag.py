"""Accelerated gradients for sparse regression with penalties that are not convex, and how much sooner they converge."""

from pipeline.methods.theory import Check, Random, np, setting
from pipeline.ops import folded_concave


class NonconvexAG(Check):
    """Linear regression with the penalty SCAD or MCP, by accelerated and by plain proximal gradients.

    Yang, Asgharian and Bhatnagar 2022: Ghadimi and Lan's method with b_md = (1 - alpha_k) b_ag + alpha_k b and steps
    beta for b_ag and beta / alpha_k for b, alpha_k = 2 / (1 + sqrt(1 + 4 / alpha_(k-1)^2)), converges considerably
    faster on average than the proximal gradient method. As in the authors' simulations, beta is 0.99 over the
    curvature, both begin at 0 and end where no entry of the gradient mapping is above an accuracy.

    Columns are normal, each correlated with the next; five of them carry the signal. Plain iterations over accelerated
    ones are compared, solutions, and the support with the one drawn from. Where columns are orthogonal all directions
    are curved alike, and nothing is left to accelerate.
    """

    paper = "nonconvex_ag"

    examples: int = setting(100, low=10)
    columns: int = setting(150, low=5)
    correlation: float = setting(0.5, low=0.0, high=0.99)
    penalty: str = setting("scad", choices=("scad", "mcp"))
    orthogonal: bool = setting(False)
    """The control, of no more columns than examples."""
    threshold: float = setting(0.5, low=0.0)
    accuracy: float = setting(1e-4, low=0.0)

    def draw(self, size: int, random: Random) -> folded_concave.Problem:
        x = random.normal(size=(self.examples, self.columns))
        for j in range(1, self.columns):
            x[:, j] = self.correlation * x[:, j - 1] + np.sqrt(1 - self.correlation**2) * x[:, j]
        x -= x.mean(0)
        x = np.linalg.qr(x)[0] * np.sqrt(self.examples) if self.orthogonal else x / x.std(0)
        truth, signals = np.zeros(self.columns), random.permutation(self.columns)[:5]
        truth[signals] = random.choice([-1, 1], 5) * random.uniform(1, 3, 5)
        y = x @ truth + random.normal(size=self.examples)
        return folded_concave.Problem(x, y - y.mean(), self.threshold, self.penalty)

    def measure(self, sample: folded_concave.Problem, size: int) -> dict[str, float]:
        fast, fewer = folded_concave.solved(sample, True, self.accuracy)
        plain, more = folded_concave.solved(sample, False, self.accuracy)
        return {"log_ratio": float(np.log(more / fewer)), "gap": float(np.abs(fast - plain).max())}
