"""What privacy costs where each gradient is divided by its norm if that is above one."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.privacy import gaussian_scale
from pipeline.ops.rates import slopes

DIMENSIONS, DELTA = 5, 1e-5


class MNgp(Sweep):
    """w <- w - eta (mean of g_i / max(1, |g_i|) + noise), full batches, losses |x_i.w - y_i|^(1 + alpha) / (1 + alpha).

    Kang, Liu, Li and Wang 2022: with alpha-Hoelder smooth losses under the inequality of Polyak and Lojasiewicz, the
    excess population risk is O(sqrt(p) / (n epsilon)) with high probability, after a number of steps of the order of
    log n. Here x has covariance I / p, y = x.w* + Gaussian noise, and eta = p / 2 halves the distance a step. Norms are
    those of single examples, as privacy needs (the abstract leaves this open). Noise is that of T releases which change
    by at most 2 / n, by concentrated privacy. Over x and y the risk has a closed form. The paper's size of steps could
    not be read; with alpha < 1 ours settle only where noise of labels bounds the curvature of the risk.

    Our derivation, for alpha = 1: privacy leaves eta^2 sd^2 / 1.5 with sd of the noise as 1 / (n epsilon), and so
    1 / (n epsilon)^2, the square of the bound; sampling leaves about p / (2 n) of the labels' variance. So the bound's
    exponent in n is met by sampling, and privacy alone beats it by a factor of two. The sizes are n.
    """

    paper = "dp_utility"
    swept = "examples n"
    rates = {"excess": -1.0}

    smallest: int = setting(2000, low=2)
    largest: int = setting(32000, low=2)
    steps: int = setting(5, low=2)
    chains: int = setting(4, low=1)
    """With labels and privacy noise of their own, averaged before the logarithm."""
    epsilon: float = setting(4.0, low=0.01)
    noise: float = setting(0.5, low=0.0)
    """Of labels."""
    power: float = setting(1.0, low=0.1, high=1.0)
    """alpha."""
    iterations: int = setting(25, low=1)
    """T, enough for the largest n."""
    flat: bool = setting(False)
    """The control: the inequality fails, for curvature along the axes falls by tens."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array, Array]:
        axes = 10.0 ** -np.arange(DIMENSIONS) if self.flat else np.ones(DIMENSIONS)
        x = random.normal(size=(size, DIMENSIONS)) * np.sqrt(axes / DIMENSIONS)
        labels = self.noise * random.normal(size=(size, self.chains))
        noise = random.normal(size=(self.iterations, DIMENSIONS, self.chains))
        return x, labels, noise, axes / DIMENSIONS

    def measure(self, sample: tuple[Array, Array, Array, Array], size: int) -> dict[str, float]:
        x, labels, noise, covariance = sample
        scale = gaussian_scale(2 / size, self.iterations, self.epsilon, DELTA)
        norms = np.linalg.norm(x, axis=1)[:, None]
        # w - w*, from w = 0 and w* of norm 1
        w = -np.ones((DIMENSIONS, self.chains)) / np.sqrt(DIMENSIONS)
        for drawn in noise:
            residuals = x @ w - labels
            sizes = np.abs(residuals) ** self.power
            normalised = np.sign(residuals) * np.minimum(sizes, 1 / norms)
            w = w - DIMENSIONS / 2 * (x.T @ normalised / size + scale * drawn)
        return {"excess": float(excess(covariance @ w**2, self.noise, self.power).mean())}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"exponent": slopes(sizes, curves["excess"])}


def excess(variance: Array, noise: float, power: float) -> Array:
    """Of the risk over that at w*: residuals are normal, and `variance` is what w - w* adds to that of the noise."""
    from scipy.special import gamma

    half = (1 + power) / 2
    moment = 2**half * gamma(half + 0.5) / np.sqrt(np.pi) / (1 + power)
    if noise == 0:
        return moment * variance**half
    return moment * noise ** (1 + power) * np.expm1(half * np.log1p(variance / noise**2))
