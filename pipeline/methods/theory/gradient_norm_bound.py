"""A PAC-Bayes bound on an unbounded loss of linear classifiers, by the norm of its gradient under the prior."""

from functools import lru_cache

from pipeline.methods.theory import Array, Random, Sweep, np, setting

DELTA = 0.05


class GradientNormBound(Sweep):
    """Two normal classes, z = y x ~ N(mu, I), and l(w, z) = log(1 + exp(-w.z)), which is unbounded in z and in w.

    Gat, Adi, Schwing and Hazan 2022, as we derive it: with lambda > 0, a prior p and probability 1 - delta, for every
    posterior q

        E_q L <= E_q L_n + (KL(q || p) + log 1 / delta + log E_p exp(n K_w(lambda / n))) / lambda,

    where K_w is the bound on a moment by the norm of the gradient, on average over inputs (see gradient_norm_moments),
    and on average over the prior in place of a constant for all w. As |grad l| <= |w|, a Lipschitz constant gives
    lambda^2 |w|^2 / (2n) in place of n K_w. Here p = N(0, I), q = N(m, s^2 I) with m where loss and |m|^2
    balance, and lambda is `rate` sqrt(n), which the Lipschitz bound needs to be below sqrt(n).
    """

    paper = "gradient_norm_pac_bayes"
    swept = "examples n"

    smallest: int = setting(50, low=1)
    largest: int = setting(5000, low=1)
    steps: int = setting(3, low=2)
    dimensions: int = setting(10, low=2)
    rate: float = setting(0.9, low=0.0, high=1.0)

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """(n, D) examples z to train on, and 1,000 fresh ones for the risk."""
        fresh, training = random.normal(size=(1000, self.dimensions)), random.normal(size=(size, self.dimensions))
        fresh[:, 0] += 1
        training[:, 0] += 1
        return training, fresh

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        training, fresh = sample
        scale = self.rate * np.sqrt(size)
        centre, variance = balanced(training, scale), 1 / (1 + scale / 4)
        divergence = (self.dimensions * (variance - 1 - np.log(variance)) + centre @ centre) / 2
        error, risk = gibbs(training, centre, variance), gibbs(fresh, centre, variance)
        term = prior_moment(size, self.dimensions, self.rate)
        lipschitz = -self.dimensions / 2 * np.log(1 - self.rate**2)
        bound = error + (divergence - np.log(DELTA) + term) / scale
        return {
            "violation": float(risk > bound),
            "looseness": float(np.log10(bound / risk)),
            "violation_unpenalised": float(risk > error),
            "log_ratio": float(np.log10(lipschitz / term)),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "violation": curves["violation"].max(1),
            "looseness": curves["looseness"][:, -1],
            "violation_unpenalised": curves["violation_unpenalised"][:, 0],
            "log_ratio": curves["log_ratio"][:, -1],
        }


def balanced(points: Array, scale: float) -> Array:
    """(D,) where scale times the mean loss plus |m|^2 / 2 is least, by Newton's method."""
    found = np.zeros(points.shape[1])
    for _ in range(12):
        wrong = 1 / (1 + np.exp(points @ found))
        slope = found - scale * wrong @ points / len(points)
        curvature = np.eye(len(found)) + scale * (points.T * (wrong * (1 - wrong))) @ points / len(points)
        found = found - np.linalg.solve(curvature, slope)
    return found


def gibbs(points: Array, centre: Array, variance: float) -> float:
    """The mean loss at points, of weights from N(centre, variance I)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    scores = (points @ centre)[:, None] + np.sqrt(variance) * np.linalg.norm(points, axis=1)[:, None] * nodes
    return float((np.logaddexp(0, -scores) @ weights).mean() / weights.sum())


@lru_cache
def prior_moment(size: int, dimensions: int, rate: float) -> float:
    """log E_p exp(n K_w(lambda / n)), over weights w along mu and across it, for scores w.z ~ N(w.mu, |w|^2)."""
    from scipy.special import logsumexp

    along, across = np.linspace(-10, 10, 61)[:, None, None, None], np.linspace(0.05, 14, 61)[:, None, None]
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    rates, steps = np.polynomial.legendre.leggauss(3)
    tilt, norm = rate / np.sqrt(size), along**2 + across**2
    loss = np.logaddexp(0, -(along + np.sqrt(norm) * nodes))
    tilted = weights * np.exp(-tilt * (rates[:, None] + 1) / 2 * loss)
    slopes = norm[..., 0] / 2 * (tilted * (1 - np.exp(-loss)) ** 2).sum(-1) / tilted.sum(-1)
    exponents = size * tilt * (tilt / 2 * slopes @ steps)
    prior = (dimensions - 2) * np.log(across[:, 0, 0]) - norm[..., 0, 0] / 2  # to a constant
    return float(logsumexp(exponents + prior) - logsumexp(prior))
