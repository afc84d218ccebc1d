"""The moments of a loss about its mean, exactly, against what the norm of its gradient by the inputs bounds them by."""

from functools import lru_cache

from pipeline.methods.theory import Array, Check, Random, np, setting

RATES = (1.0, 3.0, 10.0, 30.0)


class GradientNormMoments(Check):
    """Random networks in the plane, with l(x) = log(1 + exp(-f(x))), f(x) = v.tanh(A x + b), and normal inputs x.

    Gat, Adi, Schwing and Hazan 2022 put the gradient's norm in the place of a bound on the loss or a Lipschitz
    constant. Their step, as we derive it (Herbst's argument; their text could not be read): for inputs with a
    logarithmic Sobolev inequality of constant 1, as normal ones have, and every lambda > 0,

        log E exp(lambda (E l - l)) <= lambda / 2 int_0^lambda E[exp(-a l) |grad l|^2] / E[exp(-a l)] da,

    whose right side is at most lambda^2 / 2 times the largest |grad l|^2, the bound by a Lipschitz constant. Both sides
    are by quadrature, at four lambda, of which the worst counts.
    """

    paper = "gradient_norm_pac_bayes"

    units: int = setting(8, low=1)
    spread: float = setting(1.0, low=0.0)
    """Of the weights A; those of v have as much over the root of the number of units."""
    clusters: float = setting(0.0, low=0.0)
    """The control: inputs in two clusters so far either side of 0, each half as wide, with no such inequality."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        first, shift = random.normal(size=(self.units, 2)), random.normal(size=self.units)
        return self.spread * first, shift, self.spread / np.sqrt(self.units) * random.normal(size=self.units)

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        points, weights = inputs(self.clusters)
        loss, norms = loss_and_gradient(points, *sample)
        left = np.array([moment(loss, weights, rate) for rate in RATES])
        right = np.array([bound(loss, norms, weights, rate) for rate in RATES])
        return {
            "violation": float((left > right * (1 + 1e-9)).any()),
            "looseness": float(np.log10(right / left).min()),
            "looseness_lipschitz": float(np.log10(np.square(RATES) / 2 * norms.max() / left).min()),
        }


@lru_cache
def inputs(clusters: float) -> tuple[Array, Array]:
    """(P, 2) points and (P,) weights of a quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    points = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.outer(weights, weights).ravel() / weights.sum() ** 2
    if clusters:
        away = np.array([clusters, 0.0])
        points, weights = np.concatenate([points / 2 + away, points / 2 - away]), np.concatenate([weights, weights]) / 2
    return points, weights


def loss_and_gradient(points: Array, first: Array, shift: Array, last: Array) -> tuple[Array, Array]:
    """(P,) the losses at points (P, 2), and squared norms of their gradients."""
    hidden = np.tanh(points @ first.T + shift)
    scores = hidden @ last
    gradients = ((1 - hidden**2) * last) @ first / (1 + np.exp(scores))[:, None]
    return np.logaddexp(0, -scores), (gradients**2).sum(1)


def moment(loss: Array, weights: Array, rate: float) -> float:
    """log E exp(rate (E l - l))."""
    return float(np.log(weights @ np.exp(rate * (weights @ loss - loss))))


def bound(loss: Array, norms: Array, weights: Array, rate: float) -> float:
    """The theorem's right side, by the rule of Gauss and Legendre."""
    nodes, steps = np.polynomial.legendre.leggauss(20)
    tilted = weights * np.exp(-rate * (nodes[:, None] + 1) / 2 * (loss - loss.min()))
    return float(rate / 2 * (rate / 2 * steps) @ (tilted @ norms / tilted.sum(1)))
