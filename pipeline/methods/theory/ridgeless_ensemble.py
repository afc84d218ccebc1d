"""Averages of minimum-norm fits on subsamples against ridge regression, and generalised cross-validation of them."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import linear_design, ridge_path


class Sample(NamedTuple):
    design: linear_design.Design
    halves: Array
    """(2, p, n): the estimators of two ensembles, of which one averages what the other does, independently."""
    rows: Array
    """(n,) the examples that an ensemble has seen."""


class RidgelessEnsemble(Sweep):
    """The mean over all subsamples I of k of n examples of the minimum-norm fit X_I^+ y_I, with k < p and k < n.

    Du, Patil and Kuchibhotla 2023: with p / n -> phi and p / k -> phi_s the risk of an ensemble is that of ridge
    regression with a larger penalty, so that the least risk over k is the least over penalties; and generalised
    cross-validation, |y - X L y|^2 / n / (1 - tr(X L) / n)^2, comes near the risk at all k for the ensemble of all
    subsamples, but not for one of finitely many. For inputs without correlation our solution of the paper's fixed-point
    equations is that k stands for the penalty (phi_s - 1) (phi_s - phi) / phi_s.

    Risks are averages over coefficients and noise, given the design. All subsamples are too many: two independent
    ensembles A and B have E <A, B> = |E A|^2, from which every square of the whole ensemble is had without bias. The
    sizes are the subsamples'.
    """

    paper = "subsample_ridge"
    swept = "examples a subsample"

    smallest: int = setting(20, low=1)
    largest: int = setting(80, low=1)
    steps: int = setting(7, low=2)
    examples: int = setting(200, low=2)
    dimensions: int = setting(100, low=2)
    pairs: int = setting(0, low=0)
    """Of members of the ensemble; 0 stands for all subsamples."""

    def draw(self, size: int, random: Random) -> Sample:
        n, p = self.examples, self.dimensions
        design = linear_design.drawn(n, p, 1.0, 1.0, random)
        count = 2 * self.pairs or 24
        rows = random.permuted(np.tile(np.arange(n), (count, 1)), axis=1)[:, :size]
        halves = np.zeros((2, n, p))
        members = linear_design.minimum_norm(design.x[rows]).swapaxes(1, 2)
        for number, (of_member, member) in enumerate(zip(rows, members, strict=True)):
            halves[number % 2, of_member] += member * 2 / count
        if self.pairs:
            halves[:] = halves.mean(0)
        seen = np.unique(rows) if self.pairs else np.arange(n)
        return Sample(design, halves.swapaxes(1, 2), seen)

    def measure(self, sample: Sample, size: int) -> dict[str, float]:
        (x, _, y), n, p = sample.design, self.examples, self.dimensions
        values = ridge_path.eigenvalues(x)
        aspect, best = p / size, ridge_path.best_penalty(n, p, 1.0, 1.0)
        penalties = np.array([best, (aspect - 1) * (aspect - p / n) / aspect])
        ridge, matched = ridge_path.risks(values, n, penalties, 1.0, 1.0)
        left = (np.eye(n) - x @ sample.halves)[:, sample.rows]
        count = len(sample.rows)
        scale = count * (1 - size / count) ** 2
        return {
            "risk": _product(np.eye(p) - sample.halves @ x) / p + _product(sample.halves),
            "ridge": float(ridge),
            "matched": float(matched),
            "validated": (_product(left @ x) / p + _product(left)) / scale - 1,
            "validated_once": _product(left @ y) / scale - 1,
        }

    def predicted(self, size: int) -> dict[str, float]:
        """In the limit: with 1 / (1 + v) = 1 - 1 / phi_s the solution of the paper's fixed-point equation."""
        inverse = size / self.dimensions
        prediction = (1 + (1 - inverse) ** 2) / (1 - self.dimensions / self.examples * inverse**2)
        return {"risk": prediction - 1}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        risk, ridge = curves["risk"], curves["ridge"][:, 0]
        best = risk.mean(0).argmin()
        chosen = curves["validated_once"].argmin(1)
        return {
            "log_ratio": np.log(risk[:, best] / ridge),
            "log_ratio_tuned": np.log((risk[np.arange(len(risk)), chosen] + 1) / (ridge + 1)),
            "deviation": _worst(risk / curves["matched"] - 1),
            "deviation_validated": _worst((curves["validated"] + 1) / (risk + 1) - 1),
        }


def _product(pair: Array) -> float:
    return float(np.sum(pair[0] * pair[1]))


def _worst(deviations: Array) -> Array:
    """Of the size at which the mean deviation is the largest, either way."""
    found: Array = deviations[:, np.abs(deviations.mean(0)).argmax()]
    return found
