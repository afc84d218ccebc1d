"""How sharpness rises under gradient descent in models of many outputs that are quadratic, and otherwise random."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.quadratic_dynamics import descended


class QuadraticModelWide(Check):
    """Gradient descent on |z|^2 / 2, z of D outputs with a normal Jacobian J and normal second derivatives.

    Agarwala, Pedregosa and Pennington 2023: in higher dimensions the largest eigenvalue of J J^T generically rises to
    near 2 / eta too. What is ours: the scales. Entries of J have variance 1 / P, those of the second derivatives, which
    are symmetric, 1 / (D P), and the residuals a root mean square of a half: larger ones may diverge. eta is set for
    each draw such that the eigenvalue starts at three quarters of 2 / eta.
    """

    paper = "second_order_regression"

    outputs: int = setting(20, low=1)
    weights: int = setting(40, low=1)
    begin: float = setting(0.75, low=0.01, high=1.0)
    """Where the top eigenvalue starts, in units of 2 / eta."""
    residual: float = setting(0.5, low=0.0)
    quadratic: float = setting(1.0, low=0.0)
    """Scale of the second derivatives; 0 is the control, a linear model."""
    iterations: int = setting(400, low=1)

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        d, p = self.outputs, self.weights
        second = random.normal(size=(d, p, p)) / np.sqrt(d * p)
        second = self.quadratic * (second + second.transpose(0, 2, 1)) / np.sqrt(2)
        residuals = random.normal(size=d)
        residuals *= self.residual * np.sqrt(d) / np.linalg.norm(residuals)
        return residuals, random.normal(size=(d, p)) / np.sqrt(p), second

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        residuals, jacobian, second = sample
        first = _top(jacobian)
        last = _top(descended(residuals, jacobian, second, 2 * self.begin / first, self.iterations)[1])
        return {"log_ratio": float(np.log(last / first)), "level": self.begin * last / first}


def _top(jacobian: Array) -> float:
    return float(np.linalg.norm(jacobian, 2) ** 2)
