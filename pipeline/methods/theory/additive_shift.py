"""Two additive parts of a regression, a simple and a complex one: which of their inputs may shift."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class AdditiveShift(Sweep):
    """z = f(x) + g(y) + noise with f and g linear, in p and in q dimensions, by least squares over both together.

    Simchowitz, Ajay, Agrawal and Krishnamurthy 2023: where f's class is the simpler one, its part is recovered at a
    rate on which the complexity of g's class has an effect of lower order, but for what x and y share; so that the
    error on a test distribution is about nu_x times f's rate plus nu_y times g's, with nu how many times a squared
    difference within a class is larger there than in training. Our choices: x and y standard normal, the test
    distribution has nu times the variance in one of them, and rates are p / n and q / n. Errors are expected over the
    noise, given x and y, and over those they are sigma^2 (nu_x p + nu_y q) / (n - p - q - 1), of an inverse Wishart
    matrix (our derivation). The sizes are q.
    """

    paper = "heterogeneous_shift"
    swept = "dimensions q of the complex part"

    smallest: int = setting(8, low=1)
    largest: int = setting(128, low=1)
    simple: int = setting(2, low=1)
    """p"""
    examples: int = setting(1200, low=10)
    shift: float = setting(10.0, low=1.0)
    """nu of the input that shifts."""
    shared: float = setting(0.0, low=0.0, high=0.99)
    """The correlation of each coordinate of x with one of y."""
    cosines: bool = setting(False)
    """g is of cosines of one uniform input instead, whose frequencies are the first q."""

    requires = ("simple + largest + 1 < examples",)

    def draw(self, size: int, random: Random) -> Array:
        """(n, p + q) inputs, x first."""
        inputs = random.normal(size=(self.examples, self.simple + size))
        if self.cosines:
            places = random.uniform(size=(self.examples, 1))
            inputs[:, self.simple :] = np.sqrt(2) * np.cos(np.pi * places * np.arange(1, size + 1))
        if self.shared:
            x, y = inputs[:, : self.simple], inputs[:, self.simple : 2 * self.simple]
            x *= np.sqrt(1 - self.shared**2)
            x += self.shared * y
        return inputs

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        """Mean squared errors of either part in training, over the variance of the noise."""
        variances = np.diag(np.linalg.inv(sample.T @ sample))
        return {"simple": float(variances[: self.simple].sum()), "complex": float(variances[self.simple :].sum())}

    def predicted(self, size: int) -> dict[str, float]:
        left = self.examples - self.simple - size - 1
        simple, complex_ = self.simple / left, size / left
        shared = min(self.simple, size) / left * self.shared**2 / (1 - self.shared**2)
        return {"simple": simple / (1 - self.shared**2), "complex": complex_ + shared}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        simple, complex_ = curves["simple"][:, -1], curves["complex"][:, -1]
        level = simple * (self.examples - self.simple - sizes[-1] - 1) / self.simple
        if self.shared:
            return {"level": level}
        expected, home = self.predicted(sizes[-1]), simple + complex_
        shifted = self.shift * simple + complex_
        return {
            "exponent": slopes(sizes, curves["simple"]),
            "exponent_complex": slopes(sizes, curves["complex"]),
            "deviation": shifted / (self.shift * expected["simple"] + expected["complex"]) - 1,
            "log_ratio": np.log(shifted / home),
            "log_ratio_complex": np.log((simple + self.shift * complex_) / home),
            "level": level,
        }
