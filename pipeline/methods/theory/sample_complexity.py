"""How many examples naive Bayes and logistic regression need, as the number of features grows."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import sample_sizes
from pipeline.ops.rates import slopes


class Gaussians(NamedTuple):
    """Two classes of equal weight, at `mean` and -`mean` in every feature, which are independent."""

    mean: float
    variances: Array
    features: Array
    """(sets, M, n), the examples' signs alternating."""

    @property
    def least(self) -> float:
        """The Bayes error."""
        return self.error(self.mean / self.variances, 0.0)

    def error(self, w: Array, bias: float) -> float:
        """Of the classifier sign(w.x + bias), exactly."""
        from scipy.special import ndtr

        spread, shift = np.sqrt(self.variances @ w**2), self.mean * w.sum()
        return float(ndtr(-(shift + bias) / spread) + ndtr(-(shift - bias) / spread)) / 2


class SampleComplexity(Sweep):
    """Examples until the error is within 0.01 of the Bayes error, for Gaussian naive Bayes and for logistic regression.

    Zheng, Wu, Bao, Cao, Li and Zhu 2023, after Ng and Jordan 2001: with n features naive Bayes needs O(log n), logistic
    regression O(n), where a constant share of the features tells of the class by a constant amount each. The simulation
    is theirs, for two classes, and read in their code: means of 1 and -1 in every feature, a variance of n in one half
    of the features and of 1 in the other; variances pooled over classes; logistic regression with a penalty of
    |w|^2 / 2 on the sum of losses. Ours: the error of a linear classifier is exact, and sizes are smaller.
    """

    paper = "discriminative_vs_generative"
    swept = "features"

    smallest: int = setting(32, low=2)
    largest: int = setting(192, low=2)
    steps: int = setting(4, low=2)
    sets: int = setting(4, low=1)
    """Training sets whose mean error counts, of naive Bayes; the first of them is logistic regression's."""
    separation: float = setting(0.0, low=0.0)
    """The control, where not 0: the distance of a class from the boundary, in standard deviations, that features share
    however many there are, so that each tells less. Logistic regression is then left out."""

    def draw(self, size: int, random: Random) -> Gaussians:
        variances = np.where(np.arange(size) < size // 2, float(size), 1.0)
        mean = self.separation / np.sqrt((1 / variances).sum()) if self.separation else 1.0
        noise = random.normal(size=(self.sets, 4 * size, size)) * np.sqrt(variances)
        return Gaussians(mean, variances, noise + mean * signs(4 * size)[:, None])

    def measure(self, sample: Gaussians, size: int) -> dict[str, float]:
        counts, level = sample_sizes.grid(4, 4 * size, 1.3), 0.01

        def bayes(m: int) -> float:
            return float(np.mean([sample.error(*naive_bayes(x[:m])) for x in sample.features])) - sample.least

        found = {"naive_bayes": sample_sizes.needed(bayes, counts, level)}
        if not self.separation:
            x = sample.features[0]
            found["logistic"] = sample_sizes.needed(
                lambda m: sample.error(*logistic_regression(x[:m], sample.variances)) - sample.least, counts, level
            )
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {f"exponent_{name}": slopes(sizes, values) for name, values in curves.items()}


def signs(count: int) -> Array:
    return np.where(np.arange(count) % 2 == 0, 1.0, -1.0)


def naive_bayes(x: Array) -> tuple[Array, float]:
    """Weights and bias from an even number of examples (M, n), whose signs alternate."""
    ahead, behind = x[::2].mean(0), x[1::2].mean(0)
    variances = (x[::2].var(0) + x[1::2].var(0)) / 2 + 1e-9
    w = (ahead - behind) / variances
    return w, float(-w @ (ahead + behind) / 2)


def logistic_regression(x: Array, variances: Array) -> tuple[Array, float]:
    """Of least sum of losses + |w|^2 / 2; variances give the optimiser its units, and change no result."""
    from scipy.optimize import minimize
    from scipy.special import expit

    units = np.append(1 / np.sqrt(variances), 1.0)
    signed = signs(len(x))[:, None] * np.column_stack([x, np.ones(len(x))]) * units
    penalties = np.append(1 / variances, 0.0)

    def loss(v: Array) -> tuple[float, Array]:
        margins = signed @ v
        value = np.logaddexp(0, -margins).sum() + penalties @ v**2 / 2
        return float(value), penalties * v - expit(-margins) @ signed

    found = minimize(loss, np.zeros(len(units)), jac=True, method="L-BFGS-B", options={"gtol": 1e-4}).x * units
    return found[:-1], float(found[-1])
