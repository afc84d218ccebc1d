"""Private steps on convex losses with one minimiser and unlike Lipschitz constants, over the clip norm."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.privacy import gaussian_scale

EXAMPLES, DIMENSIONS, DELTA = 500, 10, 1e-5
RATES = np.geomspace(0.01, 3, 12)


class DpInterpolated(Sweep):
    """f_i(w) = G_i |a_i.(w - w*)| with |a_i| = 1, and G_i of 1 to 4: w* minimises all, and gradients have norm G_i.

    Das, Kale, Xu, Zhang and Sanghavi 2023: in convex problems that are over-parametrised, so that losses have a
    minimiser in common, the clip norm C of private gradient descent need be tuned only up to the least G_i. Our
    derivation for these losses: with steps eta / C and C up to the least G_i, all gradients are clipped to C, noise is
    proportional to C, and iterates do not depend on C at all; a larger C makes noise larger in proportion, and the
    gradients less so. Steps fall as 1 / sqrt(t), and the best eta of a grid counts at each C. The sizes are C in
    percent of the least G_i, and the quantity is the mean loss where steps end.
    """

    paper = "dp_lipschitz"
    swept = "clip norm, % of the least constant"

    smallest: int = setting(25, low=1)
    largest: int = setting(400, low=1)
    steps: int = setting(5, low=2)
    iterations: int = setting(50, low=1)
    epsilon: float = setting(1.0, low=0.01)
    public: bool = setting(False)
    """A control: no noise."""
    rounded: float = setting(0.0, low=0.0)
    """A control: how near to its minimum a loss is a parabola, where its gradient is below G_i."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        a = random.normal(size=(EXAMPLES, DIMENSIONS))
        constants = np.geomspace(1, 4, EXAMPLES)
        noise = random.normal(size=(self.iterations, DIMENSIONS, 1))
        return a / np.linalg.norm(a, axis=1, keepdims=True), constants, noise

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        a, constants, noise = sample
        clip = size / 100
        scale = 0.0 if self.public else gaussian_scale(2 * clip / EXAMPLES, self.iterations, self.epsilon, DELTA)
        w = np.ones((DIMENSIONS, len(RATES))) / np.sqrt(DIMENSIONS)  # w - w*
        for t, drawn in enumerate(noise, 1):
            residuals = a @ w
            sides = np.clip(residuals / self.rounded, -1, 1) if self.rounded else np.sign(residuals)
            gradient = a.T @ np.clip(constants[:, None] * sides, -clip, clip) / EXAMPLES
            w = w - RATES / clip / np.sqrt(t) * (gradient + scale * drawn)
        return {"loss": float((constants @ np.abs(a @ w)).min() / EXAMPLES)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        logs, above = np.log(curves["loss"]), np.array(sizes) > 100
        return {
            "gap": np.ptp(logs[:, ~above], axis=1),
            "log_ratio": logs[:, above].min(1) - logs[:, ~above].min(1),
        }
