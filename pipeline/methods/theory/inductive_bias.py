"""How rare generalising is among functions that fit: extrapolated from the errors of many, and exactly."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.gaussian_process import error_of_fit
from pipeline.ops.quadratic_forms import Form, fitted
from pipeline.ops.small_sets import digits

DEPTHS = {"_sampled": 3.0, "": 12.0, "_far": 48.0}
"""Of targets, in nats. Of 10,000 functions none is expected beyond 9.2."""


class InductiveBias(Check):
    """-log P(test error <= target | training examples are fitted), for functions of a Gaussian process.

    Boopathy, Yue, Hwang, Iyer and Fiete 2024: it is estimated by a scaled noncentral chi-square distribution of
    greatest likelihood for the errors of sampled functions, as in the authors' code; the kernel has width 1.

    The mean squared error is a weighted sum of noncentral chi-squares of one degree of freedom each, one for each test
    example, whose lower tail is exact here; so the family is exact where all weights are equal and not else. What is
    ours: targets at which the truth is 3, 12 and 48 nats, a sum of sines to be learnt, or which digits are odd, and
    10,000 functions as in the code, of whose errors, in order, every twentieth is fitted to.
    """

    paper = "exact_inductive_bias"

    trained: int = setting(20, low=1)
    tested: int = setting(20, low=2)
    dimensions: int = setting(4, low=1)
    spread: float = setting(1.0, low=0.1)
    """Inputs are uniform within so much of 0; far apart, functions' values at them are independent."""
    images: bool = setting(False)

    def draw(self, size: int, random: Random) -> tuple[Form, Array]:
        """The law of errors, and some of its quantiles."""
        count = self.trained + self.tested
        if self.images:
            inputs, labels = digits()
            values = np.where(labels % 2, 1.0, -1.0)
            chosen = random.permutation(len(inputs))[:count]
            inputs, values = inputs[chosen], values[chosen]
        else:
            inputs = random.uniform(-1, 1, (count, self.dimensions))
            values = np.sin(np.pi * inputs).sum(1) / np.sqrt(self.dimensions / 2)
        form = error_of_fit(inputs * self.spread, values, self.trained)
        return form, np.sort(form.draw(10_000, random))[10::20]

    def measure(self, sample: tuple[Form, Array], size: int) -> dict[str, float]:
        form, errors = sample
        model = fitted(errors)
        return {
            f"deviation{depth}": -model.log_chance(form.quantile(-nats)) / nats - 1 for depth, nats in DEPTHS.items()
        }
