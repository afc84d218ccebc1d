"""Steps by the signs of the gradient, against a bound by the sum of the absolute entries of the Hessian."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import quadratics


class SignDescent(Check):
    """w <- w - eta sign(grad f(w)) on f(w) = w'Hw / 2, with H diagonal and the same in rotated coordinates.

    Xie, Mohamadi and Li 2025: Adam's rate has the (1,1)-norm of the Hessian, the sum S of all |H_ij|, in the place of
    its largest eigenvalue, and the gradient in the sum of its absolute values. Here Adam has no averages, so that only
    signs are left, and gradients have no noise. Each step then lowers f by at least eta |grad f|_1 - eta^2 S / 2, and
    with eta^2 = 2 f(w_0) / (S T) the smallest |grad f|_1 of T steps is at most sqrt(2 f(w_0) S / T) (our derivation).
    The one size is T.
    """

    paper = "adam_linf"

    dimensions: int = setting(50, low=1)
    iterations: int = setting(100, low=1)
    condition: float = setting(1000.0, low=1.0)
    unrotated: bool = setting(False)
    """The control: the norm along the axes stands for that in rotated coordinates."""

    def sizes(self) -> list[int]:
        return [self.iterations]

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        return quadratics.both(np.geomspace(1, 1 / self.condition, self.dimensions), random)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        hessians, starts = sample
        norms = quadratics.norms(hessians[[0, 0]] if self.unrotated else hessians)
        w = starts[:, None]
        above = quadratics.values(hessians, w)[:, 0]
        step, least = np.sqrt(2 * above / (norms * size)), np.full(2, np.inf)
        for _ in range(size):
            gradient = w @ hessians
            least = np.minimum(least, np.abs(gradient).sum((1, 2)))
            w = w - step[:, None, None] * np.sign(gradient)
        looseness = np.log10(np.sqrt(2 * above * norms / size) / least)
        return {
            "violation": float(looseness[0] < 0),
            "violation_rotated": float(looseness[1] < 0),
            "looseness": float(looseness[0]),
            "looseness_rotated": float(looseness[1]),
        }
