"""The step size at which SGD leaves a zero-loss minimum, exactly, against bounds by the coherence of its Hessians."""

from typing import Any

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import stability


class SgdCoherence(Check):
    """Linearised SGD, theta <- (I - eta / B sum x_i H_i) theta, with each x_i = 1 with probability B / n on its own.

    Dexter, Ocejo, Keerthi, Gupta, Acharya and Khanna 2024: with H the mean Hessian, S_ij = |H_i^(1/2) H_j^(1/2)|_F and
    the coherence sigma = lambda_1(S) / max lambda_1(H_i), between 1 and n, second moments grow if lambda_1(H) is more
    than 2 / eta or than sigma / (eta sqrt(n / B - 1)). In part conversely, for every n / B and whole sigma some H_i
    with lambda_1(H) = 2 sigma / (eta (sigma + n / B - 1)) do not let them grow: n / sigma groups of sigma equal
    Hessians of rank one, each group along an axis of its own.

    The step size at which second moments begin to grow is exact here, and what the bounds are held against, on random
    sets of 2 to 11 Hessians of rank 1 or 2, of unlike sizes and more or less aligned. Our derivation: second moments
    grow at least as sum H_i X H_i alone makes them, so at least by eta^2 (n / B - 1) max lambda_1(H_i)^2 / n^2; and
    n lambda_1(H) <= lambda_1(S), since a matrix of blocks has no larger norm than that of the blocks' norms.
    """

    paper = "sgd_stability_geometry"

    incoherent: bool = setting(False)
    """A control: bounds as if the coherence were 1."""
    fixed: bool = setting(False)
    """A control: batches of exactly B different examples."""

    def draw(self, size: int, random: Random) -> dict[str, Any]:
        """Hessians and batch sizes: `random`, and `groups` with their coherence."""
        n, d, rank, sigma, groups = (int(each) for each in random.integers([2, 2, 1, 1, 2], [12, 6, 3, 6, 6]))
        alike = random.uniform(0, 2) * random.normal(size=(1, d, rank))
        factors = random.lognormal(0, 1.5, size=(n, 1, 1)) * (random.normal(size=(n, d, rank)) + alike)
        return {
            "random": factors @ factors.transpose(0, 2, 1),
            "random_batch": float(random.integers(1, n)),
            "groups": np.repeat(stability.rank_one(np.eye(groups)), sigma, axis=0),
            "groups_batch": float(random.integers(1, sigma * groups)),
            "sigma": float(sigma),
        }

    def measure(self, sample: dict[str, Any], size: int) -> dict[str, float]:
        hessians, batch = sample["random"], sample["random_batch"]
        more, largest = len(hessians) / batch - 1, np.linalg.eigvalsh(hessians.mean(0))[-1]
        sigma = 1.0 if self.incoherent else coherence(hessians)
        limit = self._limit(hessians, batch) * largest
        bound = min(2.0, sigma / np.sqrt(more))
        groups, groups_batch, known = sample["groups"], sample["groups_batch"], sample["sigma"]
        stated = 2 * known / (known + len(groups) / groups_batch - 1)
        reached = self._limit(groups, groups_batch) * known / len(groups)
        return {
            "violation": float(limit > bound * (1 + 1e-9)),
            "looseness": float(np.log10(bound / limit)),
            "violation_converse": float(limit < 2 * sigma / (sigma + more) * (1 - 1e-9)),
            "deviation": float(reached / stated - 1),
        }

    def _limit(self, hessians: Array, batch: float) -> float:
        return stability.critical_rate(hessians, batch, "without_replacement" if self.fixed else "independent")


def coherence(hessians: Array) -> float:
    """Of (n, d, d): |H_i^(1/2) H_j^(1/2)|_F^2 is the trace of H_i H_j."""
    products = np.einsum("iab,jab->ij", hessians, hessians)
    return float(np.linalg.eigvalsh(np.sqrt(np.maximum(products, 0)))[-1] / np.linalg.eigvalsh(hessians).max())
