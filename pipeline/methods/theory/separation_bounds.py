"""Iterations until separable points are separated, against bounds by margin and norms."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import separable

GAMMAS = (1.0, 10.0, 100.0)


class SeparationBounds(Check):
    """Random points with margin mu = max over |theta| = 1 of min y_i a_i.theta, and R = max |a_i|, from theta = 0.

    Tyurin 2025: logistic regression with the gradient divided by the mean of 1 / (1 + exp(y_i a_i.theta)) separates
    within R^2 / mu^2 + 2 log(2n - 1) / (gamma mu^2) iterations, for every step size gamma; the batch perceptron within
    n R^2 / mu^2. Both follow from comparing |theta_t| with theta_t times the best direction (our derivation: until all
    are separated, the weighted mean of margins is at most log(2n - 1), which the tests see). Here the margin is exact,
    and the worst of three step sizes counts.
    """

    paper = "lr_perceptron"

    points: int = setting(20, low=2)
    dimensions: int = setting(3, low=1)
    shift: float = setting(0.7, low=0.0)
    flipped: float = setting(0.0, low=0.0, high=1.0)
    """The control: the share of labels that are wrong, while the bounds are those of the right ones."""

    def draw(self, size: int, random: Random) -> Array:
        return separable.drawn(self.points, self.dimensions, self.shift, random)

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        norm, margin, count = np.linalg.norm(sample, axis=1).max(), separable.margin(sample), len(sample)
        signed = sample.copy()
        signed[: round(self.flipped * count)] *= -1
        slower = [2 * np.log(2 * count - 1) / (gamma * margin**2) for gamma in GAMMAS]
        bounds = [(norm / margin) ** 2 + term for term in slower]
        ways = [separable.normalised(gamma) for gamma in GAMMAS]
        return {
            **_held(min(_quotient(signed, way, bound) for way, bound in zip(ways, bounds, strict=True)), ""),
            **_held(_quotient(signed, separable.perceptron, count * (norm / margin) ** 2), "_perceptron"),
        }


def _quotient(signed: Array, way: separable.Step, bound: float) -> float:
    """Bound over iterations, of which one more than the bound is enough to know."""
    return bound / separable.iterations(signed, way, int(bound))


def _held(quotient: float, suffix: str) -> dict[str, float]:
    return {f"violation{suffix}": float(quotient < 1), f"looseness{suffix}": float(np.log10(quotient))}
