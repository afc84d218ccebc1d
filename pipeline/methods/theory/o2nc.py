"""Online learning that finds stationary points of functions neither smooth nor convex, and at what rate."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes

Gradient = Callable[[complex], complex]


class O2NC(Sweep):
    """x_n = x_(n-1) + Delta_n, gradients g_n at x_(n-1) + s_n Delta_n with s_n uniform on [0, 1], Delta by an online
    learner of the losses <g_n, Delta> in a ball of radius D, which begins anew after every T steps.

    Cutkosky, Mehta and Orabona 2023: as s_n is uniform, <gradient, Delta_n> is in the mean the change of F, and regret
    bounds the mean over windows of |mean gradient in the window|, which are delta-stationary points for D = delta / T.
    With T of order (G N delta / F_0)^(2/3) it is of order (G^2 F_0 / (N delta))^(1/3), where G^2 is the second moment
    of the gradients, and no method is faster. With online gradient descent at D / (G sqrt(T)) and noise of variance
    sigma^2 our count of constants gives F_0 / (D N) + (G + sigma) / sqrt(T).

    Here F = min(|z|, 3) in the plane, from |z| = 2, or a ripple whose wavelength is the learner's step size. There a
    gradient at the end of each step meets the same slope always, and F does not fall. T is the square of a whole
    number, so that Delta grows to D in whole waves. The sizes are N.
    """

    paper = "o2nc"
    swept = "stochastic gradients N"
    rates = {"gradient": -0.3333, "gradient_wide": -0.3333}

    smallest: int = setting(1000, low=10)
    largest: int = setting(16_000, low=10)
    steps: int = setting(5, low=2)
    noise: float = setting(1.0, low=0.0)
    """sigma."""
    radius: float = setting(0.1, low=0.0)
    """delta; eight times as much is tried as well."""
    window: int = setting(0, low=0)
    """A control: T at every N. 0 for the theorem's."""
    rippled: bool = setting(False)
    end_point: bool = setting(False)
    """A control: s_n = 1."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        shares = np.ones(size) if self.end_point else sample.random(size)
        noise = self.noise / np.sqrt(2) * (sample.normal(size=(size, 2)) @ [1, 1j])
        plans = {"gradient": self._plan(size, self.radius), "gradient_wide": self._plan(size, 8 * self.radius)}
        found = {name: mean_gradient(plan, self._gradient(plan), shares, noise) for name, plan in plans.items()}
        return {**found, "quotient": found["gradient"] / self._bound(plans["gradient"])}

    def _plan(self, size: int, radius: float) -> "Plan":
        second = np.hypot(1, self.noise)
        length = self.window or round(((second + self.noise) * size * radius / 4) ** (1 / 3)) ** 2
        ball = radius / length
        return Plan(length, size // length, float(ball), float(ball / (second * np.sqrt(length))))

    def _bound(self, plan: "Plan") -> float:
        """F_0 is 2, and that of ripples less."""
        regret = (np.hypot(1, self.noise) + self.noise) / np.sqrt(plan.length)
        return float(2 / (plan.ball * plan.length * plan.windows) + regret)

    def _gradient(self, plan: "Plan") -> Gradient:
        if self.rippled:
            return lambda z: 1 if (z.real / plan.step_size + 0.25) % 1 < 0.5 else -1
        return lambda z: z / abs(z) if 0 < abs(z) < 3 else 0

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        wider = np.log(curves["gradient_wide"] / curves["gradient"]) / np.log(8)
        return {
            "exponent": slopes(sizes, curves["gradient"]),
            "exponent_radius": wider.mean(1),
            "level": curves["quotient"].max(1),
        }


@dataclass(frozen=True)
class Plan:
    length: int
    """T."""
    windows: int
    ball: float
    """D."""
    step_size: float


def mean_gradient(plan: Plan, gradient: Gradient, shares: Array, noise: Array) -> float:
    """Over windows, of |mean of F's own gradients| at the points at which the learner asked for them."""
    x, total, step = 2 + 0j, 0.0, 0
    s, xi = shares.tolist(), noise.tolist()
    for _ in range(plan.windows):
        delta, mean = 0j, 0j
        for _ in range(plan.length):
            g = gradient(x + s[step] * delta)
            mean += g / plan.length
            x += delta
            delta -= plan.step_size * (g + xi[step])
            if abs(delta) > plan.ball:
                delta *= plan.ball / abs(delta)
            step += 1
        total += abs(mean)
    return total / plan.windows
