"""Networks that compute the parity of a few bits at the largest margin: they look at no other bit, and at all alike."""

import math

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.monomial_networks import MonomialNetwork


class SparseParity(Check):
    """f(x) = sum_i (u_i . x)^k w_i, with w_i in R^2, on all x of n signs; the label is the product of the first k.

    Morwani, Edelman, Oncescu, Zhao and Kakade 2024: with at least 2^(k-1) units the largest margin over
    sum_i |(u_i, w_i)|^(k+1) is k! sqrt(2 (k + 1)^-(k + 1)), and networks that reach it have u_i of equal size on the k
    bits and 0 elsewhere. The sizes are k. Trained by L-BFGS on all 2^n inputs, by cross-entropy with norms to the
    power k + 1 as decay. Units for which that power is below a thousandth of the largest do not count: they are on
    their way to 0.
    """

    paper = "margin_features"
    swept = "bits of the parity k"

    bits: int = setting(7, low=4, high=12)
    """n."""
    largest: int = setting(4, low=2, high=5)
    """Of the k, from 2 on."""
    units: int = setting(24, low=1)
    shuffled: bool = setting(False)
    """The control: random labels in place of parities."""

    requires = ("largest <= bits",)

    def sizes(self) -> list[int]:
        return list(range(2, self.largest + 1))

    def draw(self, size: int, random: Random) -> tuple[MonomialNetwork, Array]:
        inputs = 1.0 - 2 * (np.arange(2**self.bits)[:, None] >> np.arange(self.bits) & 1)
        parities = (inputs[:, :size].prod(1) < 0).astype(np.int64)
        labels = random.integers(2, size=len(inputs)) if self.shuffled else parities
        network = MonomialNetwork(inputs, labels, 2, self.units, size, 1e-4, size + 1)
        return network, network.started(random, 0.5)

    def measure(self, sample: tuple[MonomialNetwork, Array], size: int) -> dict[str, float]:
        network, start = sample
        flat = network.trained(start)
        u = np.abs(network.split(flat)[0][:, network.counting(flat)])
        return {
            "margin": network.margin(flat),
            "share": float(((u[:size] ** 2).sum(0) / (u**2).sum(0)).min()),
            "uneven": float((u[:size].max(0) / u[:size].min(0)).max() - 1),
        }

    def predicted(self, size: int) -> dict[str, float]:
        return {"margin": math.factorial(size) * math.sqrt(2 * (size + 1) ** -(size + 1))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        ratios = curves["margin"] / np.array([self.predicted(size)["margin"] for size in sizes])
        return {
            "deviation": ratios.min(1) - 1,
            "level_share": curves["share"].min(1),
            "gap": curves["uneven"].max(1),
        }
