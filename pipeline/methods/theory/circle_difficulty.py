"""The inductive bias that a task on a circle requires, exactly and by the bound."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.difficulty import log_bits


class CircleDifficulty(Check):
    """-log2 P(error <= e | training examples are fitted), for trigonometric polynomials of degree K in the unit ball.

    Boopathy, Liu, Hwang, Ge, Mohammedsaleh and Fiete 2023 bound it, for a circle, one output and B = 1, by
    (2 (2 K + 1) - n) log2(K W / e). Our derivation of the truth: coefficients are uniform in the ball, errors are root
    mean squares over the circle, so that functions which fit are a ball of dimension 2 K + 1 - n and squared radius
    1 - |f0|^2 about the smallest of them f0, and those which generalise are one of radius e in it, about a true
    function of norm 1/2. The truth is (2 K + 1 - n) log2(sqrt(1 - |f0|^2) / e).
    """

    paper = "task_difficulty"

    degree: int = setting(20, low=1)
    """K."""
    trained: int = setting(10, low=1)
    """n, at most 2 K."""
    error: float = setting(0.01, low=1e-6, high=0.3)
    coarse: bool = setting(False)
    """The control: the bound is that of a quarter of the degree."""

    requires = ("trained <= 2 * degree",)

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Angles of training examples, and coefficients of the true function."""
        truth = random.normal(size=2 * self.degree + 1)
        return random.uniform(0, 2 * np.pi, self.trained), truth / (2 * np.linalg.norm(truth))

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        angles, truth = sample
        features = polynomials(angles, self.degree)
        smallest = np.linalg.lstsq(features, features @ truth, rcond=None)[0]
        radius = np.sqrt(1 - smallest @ smallest)
        bits = (2 * self.degree + 1 - self.trained) * np.log2(radius / self.error)
        degree = self.degree / 4 if self.coarse else self.degree
        bound = np.exp(log_bits(1, degree / (2 * np.pi), self.trained, self.error))
        return {
            "violation": float(bits > bound),
            "looseness": float(np.log10(bound / bits)),
        }


def polynomials(angles: Array, degree: int) -> Array:
    """(N, 2 K + 1) values of an orthonormal basis, for the mean over the circle."""
    steps = np.arange(1, degree + 1) * angles[:, None]
    return np.hstack([np.ones((len(angles), 1)), np.sqrt(2) * np.cos(steps), np.sqrt(2) * np.sin(steps)])
