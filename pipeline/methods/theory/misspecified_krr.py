"""Kernel ridge regression of functions outside of its space: how fast the error falls with the number of examples."""

from functools import cached_property

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import kernel_ridge
from pipeline.ops.cosine_kernel import Cosines
from pipeline.ops.rates import slopes

DECAY = 2.0
"""beta: the eigenvalues are j^-2, those of a Sobolev space of one derivative."""
CONSTANT = 0.1
LIMIT = (10**5, 10**6, 10**7)


class MisspecifiedKrr(Sweep):
    """(K + n penalty)^-1 y with penalty ~ n^(-beta / (s beta + 1)), for f* in the interpolation space [H]^s, s < 1.

    Zhang, Li, Lu and Lin 2023: E |f - f*|^2 = O(n^(-s beta / (s beta + 1))) for every s in (0, 1) where H is a Sobolev
    space, without f* having to be bounded, which takes s > 1 / beta; and no estimator does better over all of [H]^s.

    Here f* = sum +-j^(-(s beta + 1) / 2) e_j, with signs that are drawn, on the border of [H]^s, and noise has the
    variance 1. The error is the exact one in all modes, averaged over the noise. At sizes that no experiment reaches
    the same error is taken from its deterministic equivalent, which the experiment is held against (our addition).
    """

    paper = "misspecified_krr"
    swept = "examples n"

    smallest: int = setting(50, low=1)
    largest: int = setting(500, low=1)
    steps: int = setting(4, low=2)
    smoothness: float = setting(0.3, low=0.01, high=2.0)
    """s."""
    assumed: float = setting(0.3, low=0.01)
    """The s by which the penalty falls. The controls: that of a function of the space, which is 1, and one so large
    that the penalty does not fall."""

    @cached_property
    def cosines(self) -> Cosines:
        return Cosines(2**15)

    def penalty(self, size: int) -> float:
        return float(CONSTANT * size ** (-DECAY / (self.assumed * DECAY + 1)))

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Coefficients of f*, and the cells of the inputs."""
        coefficients = self.cosines.border(self.smoothness, DECAY, random)
        return coefficients, random.integers(0, self.cosines.cells, size)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        (coefficients, x), eigenvalues = sample, self.cosines.j**-DECAY
        inverse = np.linalg.inv(self.cosines.kernel(eigenvalues)(x, x) + size * self.penalty(size) * np.eye(size))
        squared = self.cosines.kernel(eigenvalues**2)(x, x)
        weights = inverse @ self.cosines.function(coefficients)[x]
        across = weights @ self.cosines.function(eigenvalues * coefficients)[x]
        bias = weights @ squared @ weights - 2 * across + coefficients @ coefficients
        return {"error": float(bias + np.sum(inverse * (inverse @ squared)))}

    def predicted(self, size: int) -> dict[str, float]:
        j, counts = kernel_ridge.modes()
        squares = j ** (-(self.smoothness * DECAY + 1))
        return {
            "error": kernel_ridge.equivalent_risk(j**-DECAY, squares, counts, self.penalty(size), 1.0, size),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        error, ones = curves["error"], np.ones(len(curves["error"]))
        deviations = error / [self.predicted(size)["error"] for size in sizes] - 1
        limit = np.array([[self.predicted(size)["error"] for size in LIMIT]])
        return {
            "exponent": slopes(sizes, error),
            "exponent_limit": slopes(list(LIMIT), limit)[0] * ones,
            "deviation": deviations[:, np.abs(deviations.mean(0)).argmax()],
        }
