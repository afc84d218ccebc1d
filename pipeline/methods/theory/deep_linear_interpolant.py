"""Deep linear networks trained until they interpolate, against the minimum-norm interpolant of the same noise."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes

NOISES = 4


class Sample(NamedTuple):
    x: Array
    truth: Array
    noises: Array
    """(NOISES, n), all on the same inputs and from the same start."""
    start: list[Array]


class DeepLinearInterpolant(Sweep):
    """theta = (W_L ... W_1)^T by gradient descent on |X theta - y|^2 / 2, with y = X theta* + noise and n < d.

    Chatterji and Long 2023: an interpolating network has exactly the conditional variance of the minimum-norm
    interpolant, so that depth does not hide noise, and its excess risk comes near that one's where the first layer
    starts small. Why, as we derive it: interpolants agree in the span of the inputs, P theta = X^+ y, and noise enters
    there; gradients of the first layer lie in that span, so that beyond it theta is W_1(0)^T times the later layers.

    Inputs are normal with unit variances; the first layer starts normal, with |W_1|^2 near width / size^2, the layers
    between are orthogonal. Each of the draws is fitted for several noises. The sizes are how many times smaller the
    first layer starts.
    """

    paper = "deep_linear_benign"
    swept = "1 / scale of the first layer"
    rates = {"beyond": -1.0}

    smallest: int = setting(1, low=1)
    largest: int = setting(100, low=1)
    steps: int = setting(3, low=2)
    examples: int = setting(4, low=1)
    dimensions: int = setting(40, low=2)
    width: int = setting(10, low=1)
    depth: int = setting(3, low=2)
    iterations: int = setting(500, low=1)
    """The control: so few that nothing is interpolated."""

    def draw(self, size: int, random: Random) -> Sample:
        d, m = self.dimensions, self.width
        x, truth = random.normal(size=(self.examples, d)), random.normal(size=d) / np.sqrt(d)
        noises = random.normal(size=(NOISES, self.examples))
        between = [np.linalg.qr(random.normal(size=(m, m)))[0] for _ in range(self.depth - 2)]
        first, last = random.normal(size=(m, d)) / np.sqrt(d) / size, random.normal(size=(1, m)) / np.sqrt(m)
        return Sample(x, truth, noises, [first, *between, last])

    def measure(self, sample: Sample, size: int) -> dict[str, float]:
        x, truth, noises, start = sample
        trained = fitted(x, x @ truth + noises, start, self.iterations)
        inverse = np.linalg.pinv(x)
        along = inverse @ x
        minimum = (x @ truth + noises) @ inverse.T
        beyond = trained - trained @ along
        return {
            "variance": _square((trained - truth) @ along) / _square(noises @ inverse.T),
            "apart": np.sqrt(_square((trained - minimum) @ along) / _square(minimum)),
            "beyond": np.sqrt(_square(beyond) / len(beyond)),
            "risk": _square(trained - truth) / _square(minimum - truth),
            "spread": _square(trained - trained.mean(0)) / _square(minimum - minimum.mean(0)),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "deviation": np.abs(curves["variance"] - 1).max(1),
            "level": curves["apart"].max(1),
            "exponent": slopes(sizes, curves["beyond"], last=2),
            "deviation_risk": curves["risk"][:, -1] - 1,
            "deviation_risk_large": curves["risk"][:, 0] - 1,
            "deviation_spread_large": curves["spread"][:, 0] - 1,
        }


def fitted(x: Array, targets: Array, start: list[Array], iterations: int) -> Array:
    """(K, d) theta after gradient descent from one start on targets (K, n), all at once."""
    layers = [np.repeat(layer[None], len(targets), 0) for layer in start]
    rate = 0.25 / np.linalg.norm(x, 2) ** 2
    for _ in range(iterations):
        inner = [np.broadcast_to(x.T, (len(targets), *x.T.shape))]
        for layer in layers:
            inner.append(layer @ inner[-1])
        slope = inner[-1] - targets[:, None]
        for number in reversed(range(len(layers))):
            step = rate * slope @ inner[number].swapaxes(1, 2)
            slope = layers[number].swapaxes(1, 2) @ slope
            layers[number] = layers[number] - step
    theta = layers[0]
    for layer in layers[1:]:
        theta = layer @ theta
    return theta[:, 0]


def _square(values: Array) -> float:
    return float(np.sum(values**2))
