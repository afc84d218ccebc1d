"""The regret of online ridge regression where labels follow a linear model with noise."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting


class OnlineRegression(Sweep):
    """y_t = x_t.theta* + noise; theta_t minimises |theta|^2 / 2 + sum of past losses (x_s.theta - y_s)^2 / 2.

    Zhao, Zhou, He and Gu 2023: for sigma-sub-Gaussian noise the regret of follow-the-regularised-leader against theta*
    is O(sigma^2 d log T) + o(log T), and labels that are large for their mean alone do not enter the first term. Here
    x_t is normal with covariance I / d, so that |x_t| is near 1. Our derivation: with A the sum of past x_s x_s' and I,
    the mean regret over the noise is half the sum of (x.A^-1 theta*)^2 + sigma^2 x.A^-1 (A - I) A^-1 x, which is exact
    given the x_t; as A / t becomes the covariance, it grows as sigma^2 d / 2 times log T. The sizes are T, and slopes
    are those of the three largest.
    """

    paper = "online_glm"
    swept = "rounds T"

    smallest: int = setting(250, low=2)
    largest: int = setting(4000, low=2)
    steps: int = setting(5, low=2)
    dimensions: int = setting(5, low=1)
    noise: float = setting(1.0, low=0.0)
    """sigma."""
    norm: float = setting(1.0, low=0.0)
    """Of theta*."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        direction = random.normal(size=self.dimensions)
        return random.normal(size=(size, self.dimensions)) / np.sqrt(self.dimensions), direction

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        x, direction = sample
        theta = self.norm * direction / np.linalg.norm(direction)
        return {"regret": float(mean_regret(x, theta, self.noise).sum())}

    def predicted(self, size: int) -> dict[str, float]:
        """To the leading order: the sum of x.A^-1 x is near the logarithm of the determinant of A."""
        return {"regret": self._slope() * np.log1p(size / self.dimensions)}

    def _slope(self) -> float:
        return self.noise**2 * self.dimensions / 2

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        logs = np.log(sizes)[-3:]
        centred = logs - logs.mean()
        slope = curves["regret"][:, -3:] @ centred / (centred @ centred)
        return {"deviation": slope / self._slope() - 1} if self.noise else {"level": slope / (self.dimensions / 2)}


def mean_regret(x: Array, theta: Array, noise: float) -> Array:
    """(T,) expected over the noise, of predictions made before each label."""
    count, d = x.shape
    past = np.zeros((count, d, d))
    np.cumsum(x[:-1, :, None] * x[:-1, None, :], axis=0, out=past[1:])
    past += np.eye(d)
    weights = np.linalg.solve(past, x[..., None])[..., 0]
    # x.A^-1 (A - I) A^-1 x, without the matrix in the middle
    variance = noise**2 * ((weights * x).sum(1) - (weights**2).sum(1))
    found: Array = ((weights @ theta) ** 2 + variance) / 2
    return found
