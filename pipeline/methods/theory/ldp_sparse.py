"""Sparse regression under local privacy, over the number of users and the budget."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.local_privacy import errors, sparse, users
from pipeline.ops.rates import slopes

DIMENSIONS, SPARSITY = 8, 2


class LdpSparse(Sweep):
    """Each user releases x y and x x' with noise of their own; the server solves, and keeps the k largest entries.

    Zhu, Ding, Aggarwal, Xu and Wang 2024: without interaction an estimator has an error of
    O(d sqrt(k) / (sqrt(n) epsilon)) up to logarithms, and better by a factor of the order of sqrt(d) where the server
    has public features. Ours: features of +-1 and labels with bounded noise, so that nothing is clipped; Gaussian noise
    for (epsilon, 1e-5)-privacy, by concentrated privacy; the largest entries kept for the threshold, whose form we
    could not read; and users' own features as the public ones, whose moments are near. The sizes are n.
    """

    paper = "ldp_sparse"
    swept = "users n"
    rates = {"released": -0.5, "public": -0.5}

    smallest: int = setting(10_000_000, low=1000)
    largest: int = setting(1_000_000_000, low=1000)
    steps: int = setting(3, low=2)
    chains: int = setting(100, low=1)
    """Draws of the noise, for which errors are averaged."""
    epsilon: float = setting(1.0, low=0.01)

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        moments = users(DIMENSIONS, sparse(DIMENSIONS, SPARSITY), size, sample)
        state = sample.bit_generator.state
        released, public = errors(moments, SPARSITY, size, self.epsilon, self.chains, sample)
        sample.bit_generator.state = state  # the same noise
        halved, _ = errors(moments, SPARSITY, size, self.epsilon / 2, self.chains, sample)
        return {"released": released, "public": public, "halved": halved}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        released, public = curves["released"], curves["public"]
        return {
            "exponent": slopes(sizes, released),
            "exponent_public": slopes(sizes, public),
            "log_ratio": np.log2(curves["halved"] / released)[:, -1],
            "log_ratio_public": np.log2(released / public)[:, -1],
        }
