"""How smooth a probability of labels is, from the labels' components along eigenvectors of a kernel matrix."""

from functools import cached_property
from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.cosine_kernel import Cosines

DECAY = 2.0
"""beta: the eigenvalues are j^-2, those of a Sobolev space of one derivative."""
MODES = 200


class Sample(NamedTuple):
    counts: Array
    """(G,) how many examples each cell has."""
    sums: Array
    """(G,) and the sum of their labels."""


class SmoothnessEstimate(Sweep):
    """The slope of log p_j over log l_j for the first j, less 1 / beta, with p_j = (v_j . y)^2 / n.

    Lai, Li, Huang and Lin 2024 estimate so in which [H]^s the function 2 P(y = 1 | x) - 1 is: l_j and v_j are
    eigenvalues and eigenvectors of K / n, of which later ones are left out, since there p_j is noise of about 1 / n.
    How many are kept is our choice. With
    coefficients j^(-(s beta + 1) / 2) and l_j = j^-beta the slope is s + 1 / beta (our derivation).

    The kernel has the first 200 cosines, so that the eigenvectors follow from a matrix of their products over examples,
    which are counted by the cell of a grid that they lie in.
    """

    paper = "kernel_classifier_sobolev"
    swept = "examples n"

    smallest: int = setting(5000, low=1)
    largest: int = setting(50000, low=1)
    steps: int = setting(3, low=2)
    smoothness: float = setting(1.0, low=0.51, high=2.0)
    kept: int = setting(10, low=2, high=200)
    """How many of the eigenvectors. A control: so many that noise counts."""
    coin: bool = setting(False)
    """A control: labels that have nothing to do with the inputs."""

    @cached_property
    def cosines(self) -> Cosines:
        return Cosines(2**12)

    def draw(self, size: int, random: Random) -> Sample:
        truth = self.cosines.function(self.cosines.border(self.smoothness, DECAY, random))
        truth /= np.abs(truth).max()
        counts = random.multinomial(size, np.full(len(truth), 1 / len(truth)))
        positive = random.binomial(counts, 0.5 if self.coin else (1 + truth) / 2)
        return Sample(counts.astype(np.float64), 2.0 * positive - counts)

    def measure(self, sample: Sample, size: int) -> dict[str, float]:
        cells, root = self.cosines.cells, self.cosines.j[:MODES] ** (-DECAY / 2)
        # means of cosines over examples, and from them those of products of two
        means = np.append(size, self.cosines.coefficients(sample.counts) * cells / np.sqrt(2)) / size
        j = np.arange(1, MODES + 1)
        products = means[np.abs(j[:, None] - j)] + means[j[:, None] + j]
        values, vectors = np.linalg.eigh(root[:, None] * products * root)
        values, vectors = values[::-1][: self.kept], vectors[:, ::-1][:, : self.kept]
        along = root * self.cosines.coefficients(sample.sums)[:MODES] * cells / size
        powers = (along @ vectors) ** 2 / values
        return {"smoothness": float(np.polyfit(np.log(values), np.log(powers), 1)[0]) - 1 / DECAY}

    def predicted(self, size: int) -> dict[str, float]:
        return {"smoothness": self.smoothness}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"level": curves["smoothness"][:, -1]}
