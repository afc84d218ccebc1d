"""Which step sizes leave a zero-loss minimum stable: the trace of the Hessian for SGD, its top eigenvalue for GD."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.stability import critical_rate, rank_one


class SgdTraceStability(Sweep):
    """Least squares with zero loss, l_i = (x_i . theta)^2 / 2, and the largest eta at which second moments do not grow.

    Wu and Su 2023: a global minimum that is linearly stable for SGD has tr(H) <= 2 / eta, whereas gradient descent
    only bounds lambda_max(H) by as much. The largest stable eta is had exactly, without iterating, from how second
    moments evolve (`ops.stability`). The sizes are B, of batches drawn with replacement, and the theorem's is 1.

    What is ours: the derivation, and with it the case of larger batches. If second moments do not grow, then
    eta E|C|_F^2 <= 2 tr(H) for the mean Hessian C of a batch, which is seen by starting them at the identity. For
    B = 1 E|x|^4 >= tr(H)^2 gives the bound; for larger ones it is tr(H) <= 2 B / eta, and the paper's may fail.

    Simplified: linear models, which are what linear stability is about. Examples are normal, with scales by feature
    that are lognormal.
    """

    paper = "dynamical_stability"
    swept = "batch size B"

    smallest: int = setting(1, low=1)
    largest: int = setting(16, low=2)
    steps: int = setting(5, low=2)
    spread: float = setting(1.0, low=0.0)
    """Standard deviation of the logarithm of scales."""

    def draw(self, size: int, random: Random) -> Array:
        """(n, d) examples, of n from 3 to 30 and d from 2 to 6."""
        n, d = random.integers(3, 31), random.integers(2, 7)
        return random.normal(size=(n, d)) * np.exp(self.spread * random.normal(size=d))

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        hessians = rank_one(sample)
        values = np.linalg.eigvalsh(hessians.mean(0))
        descent = critical_rate(hessians, len(sample), "without_replacement")
        return {
            "trace": critical_rate(hessians, size, "with_replacement") * values.sum() / 2,
            "trace_descent": descent * values.sum() / 2,
            "top_descent": descent * values[-1] / 2,
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        trace, slack = curves["trace"], 1 + 1e-9
        return {
            "violation": (trace[:, 0] > slack).astype(float),
            "looseness": -np.log10(trace[:, 0]),
            "violation_batches": (trace[:, -1] > slack).astype(float),
            "violation_scaled": (trace / np.array(sizes) > slack).any(1).astype(float),
            "violation_descent": (curves["trace_descent"][:, 0] > slack).astype(float),
            "level_descent": curves["top_descent"][:, 0],
        }
