"""The L1 norm of what subgradient steps on a lasso settle at, as the penalty grows."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class SubgradientL1(Sweep):
    """w <- w - eta (X'(X w - y) / n + lambda sign(w)), with a constant step size; two of the coefficients are not zero.

    Kumar 2024: where the penalty is taken for a gradient, as training of networks does, a larger lambda leads to
    solutions of larger L1 norm. The sizes are lambda. What is ours: the data, and that the norm grows in proportion to
    lambda once all coefficients change sign at every step. Then w' + w = 2 b for two iterates in turn and the
    least-squares solution b, so that d = w' - w solves (I - eta X'X / 2n) d = eta lambda sign(d), and the mean of the
    two norms is |d|_1 / 2, near eta lambda / 2 for each coefficient.
    """

    paper = "gd_non_smooth"
    swept = "penalty lambda"

    smallest: int = setting(1, low=1)
    largest: int = setting(100, low=1)
    steps: int = setting(5, low=2)
    examples: int = setting(200, low=2)
    dimensions: int = setting(20, low=2)
    step_size: float = setting(0.05, low=0.0)
    iterations: int = setting(600, low=2)
    averaged: int = setting(100, low=1)
    """Of the iterations the last so many, over which the norm is averaged."""
    proximal: bool = setting(False)
    """The control: the penalty by soft thresholding, as is right for it."""

    requires = ("averaged <= iterations",)

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """(d, d) X'X / n and (d,) X'y / n."""
        features = random.normal(size=(self.examples, self.dimensions))
        targets = 3 * features[:, 0] - 3 * features[:, 1] + 0.5 * random.normal(size=self.examples)
        return features.T @ features / self.examples, features.T @ targets / self.examples

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        (gram, moment), w, visited = sample, np.zeros(self.dimensions), []
        threshold = self.step_size * size
        for _ in range(self.iterations):
            moved = w - self.step_size * (gram @ w - moment)
            shrunk = np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0)
            w = shrunk if self.proximal else moved - threshold * np.sign(w)
            visited.append(w)
        last = np.array(visited[-self.averaged :])
        return {"norm": float(np.abs(last).sum(1).mean()), "zeros": float((last == 0).mean())}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        norm = curves["norm"]
        found = {"gap": norm[:, -1] - norm[:, 0], "level_zeros": curves["zeros"][:, -1]}
        # at smaller penalties the two coefficients of the truth make up the norm; with the right step it is 0 at large
        return found if self.proximal else {**found, "exponent": slopes(sizes, norm, last=3)}
