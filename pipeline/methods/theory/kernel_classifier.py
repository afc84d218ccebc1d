"""The sign of a kernel's gradient flow as a classifier: how fast its excess risk falls with the number of examples."""

from functools import cached_property

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.cosine_kernel import Cosines
from pipeline.ops.rates import slopes

DECAY = 2.0
"""beta: the eigenvalues are j^-2, those of a Sobolev space of one derivative."""
LABELS = 20
"""Sets of labels for one set of inputs, of which the mean risk is taken before its logarithm."""


class KernelClassifier(Sweep):
    """The sign of f_t = K (1 - exp(-t K / n)) K^-1 y at t ~ n^(beta / (s beta + 1)), for labels with E y = f*(x).

    Lai, Li, Huang and Lin 2024: with f* = 2 P(y = 1 | x) - 1 in the interpolation space [H]^s the excess classification
    risk E |f*| 1(sign f_t is not that of f*) is O(n^(-s beta / (2 s beta + 2))), and no classifier does better over all
    of a Sobolev space. For one f* it may fall faster.

    Here f* = sum +-j^(-(s beta + 1) / 2) e_j with signs that are drawn, divided by its largest value, and the risk is
    exact on the grid of inputs. The constant before the time is our choice.
    """

    paper = "kernel_classifier_sobolev"
    swept = "examples n"

    smallest: int = setting(50, low=1)
    largest: int = setting(400, low=1)
    steps: int = setting(4, low=2)
    smoothness: float = setting(1.0, low=0.51, high=2.0)
    """s, above 1 / beta, where f* is bounded."""
    assumed: float = setting(1.0, low=0.01)
    """The s by which time grows. The control: one so small that every label is fitted, wrong ones too."""

    @cached_property
    def cosines(self) -> Cosines:
        return Cosines(2**13)

    def time(self, size: int) -> float:
        return float(10 * size ** (DECAY / (self.assumed * DECAY + 1)))

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        """f* on the grid, and the cells and labels (LABELS, n) of the examples."""
        truth = self.cosines.function(self.cosines.border(self.smoothness, DECAY, random))
        truth /= np.abs(truth).max()
        x = random.integers(0, self.cosines.cells, size)
        return truth, x, np.where(random.uniform(size=(LABELS, size)) < (1 + truth[x]) / 2, 1.0, -1.0)

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        (truth, x, y), eigenvalues = sample, self.cosines.j**-DECAY
        values, vectors = np.linalg.eigh(self.cosines.kernel(eigenvalues)(x, x) / size)
        # that of K^-1 too, where inputs coincide
        learnt = -np.expm1(-self.time(size) * values) / (size * np.maximum(values, 1e-15))
        solved = y @ (vectors * learnt) @ vectors.T
        weights = np.array([np.bincount(x, each, self.cosines.cells) for each in solved])
        fitted = self.cosines.function(eigenvalues * self.cosines.coefficients(weights) * self.cosines.cells)
        return {"risk": float(np.mean(np.abs(truth) * (fitted * truth < 0)))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"exponent": slopes(sizes, curves["risk"])}
