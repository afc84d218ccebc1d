"""Clipped gradient descent without noise: the iterations that clipping costs."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes

ACCURACIES = (1e-1, 1e-3, 1e-5)


class ClippedGd(Sweep):
    """x <- x - eta min(1, c / |x|) x, on f(x) = x^2 / 2, until |f'(x)| is at most an accuracy.

    Koloskova, Hendrikx and Stich 2023: without noise the threshold c is only in a term of higher order,
    (f(x_0) / (eta T c))^2 beside f(x_0) / (eta T) for |f'|^2. The sizes are c. What is ours: from x_0 far above c,
    iterations are those without clipping and (x_0 / c - 1 - log(x_0 / c)) / eta more for small eta: as one over c, and
    the same at every accuracy.
    """

    paper = "clipping_bias"
    draws = False
    swept = "threshold c"
    rates = {"extra": -1.0}

    smallest: int = setting(1, low=1)
    largest: int = setting(10, low=1)
    steps: int = setting(4, low=2)
    start: float = setting(10_000.0, low=0.0)
    """x_0. The control: less than every c, where nothing is clipped."""
    step_size: float = setting(0.5, low=0.0, high=1.0)

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        clipped, plain = (iterations(self.start, self.step_size, most) for most in (float(size), np.inf))
        extra = [more - fewer for more, fewer in zip(clipped, plain, strict=True)]
        return {"extra": float(extra[-1]), "spread": float(max(extra) - min(extra))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = {"level": curves["extra"].max(1), "gap": curves["spread"].max(1)}
        return {**found, "exponent": slopes(sizes, curves["extra"])} if self.start > sizes[-1] else found


def iterations(start: float, step_size: float, threshold: float) -> list[int]:
    """Until x is at most each accuracy."""
    x, count, found = start, 0, []
    for accuracy in ACCURACIES:
        while x > accuracy:
            x, count = x - step_size * min(x, threshold), count + 1
        found.append(count)
    return found
