"""Sparse regression under local privacy, over the number of features."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.local_privacy import errors, sparse
from pipeline.ops.rates import slopes

USERS, EPSILON, SPARSITY = 10**14, 1.0, 2


class LdpDimension(Sweep):
    """The estimator of sparse regression whose users release x y and x x', or x y alone where features are public.

    Zhu, Ding, Aggarwal, Xu and Wang 2024: its error grows as d sqrt(k) at most, and less by the order of sqrt(d) with
    public features. Our derivation: noise that hides x y, of norm sqrt(d) |y|, has entries of the order of sqrt(d), and
    that which hides x x', of norm d, times theta has entries of the order of d; k of them are kept. The first is not
    yet forgotten at d of 32 to 256. Means of x x' and x y stand in for those of users, of which there are as many as
    the solution needs: how much samples of them vary is below a thousandth of the noise's variance, for any number.
    """

    paper = "ldp_sparse"
    swept = "features d"
    rates = {"released": 1.0, "public": 0.5}

    smallest: int = setting(32, low=3)
    largest: int = setting(256, low=4)
    steps: int = setting(4, low=2)
    chains: int = setting(20, low=1)
    """Draws of the noise, for which errors are averaged."""
    dense: bool = setting(False)
    """The control: all entries are kept."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        moments = np.eye(size), sparse(size, SPARSITY)
        released, public = errors(moments, SPARSITY, USERS, EPSILON, self.chains, sample, self.dense)
        return {"released": released, "public": public}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"exponent": slopes(sizes, curves["released"]), "exponent_public": slopes(sizes, curves["public"])}
