"""A softmax layer learned privately on images of digits, over the norm to which gradients are clipped."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.privacy import gaussian_scale
from pipeline.ops.small_sets import digits

CLASSES, DELTA = 10, 1e-5
RATES = np.array([1.0, 3.0, 10.0, 30.0])
"""Steps, in units of the clip norm; the best is chosen on kept-out images."""


class DpClipNorm(Sweep):
    """W <- W - eta (mean of min(1, C / |g_i|) g_i + noise), full batches, g_i of the cross-entropy of softmax(W x_i).

    Das, Kale, Xu, Zhang and Sanghavi 2023: where each example has a Lipschitz constant G_i of its own, and the problem
    is convex and nearly interpolated, the clip norm C need be tuned only up to the least G_i. Of a softmax layer
    |g_i| = |x_i| |p_i - y_i|, so that G_i = sqrt(2) |x_i|. The sizes are C in percent of the least G_i, and steps are
    eta / C, the best eta of four: where all gradients are clipped, C then changes nothing, so that what can be learned
    here is what larger ones cost. That eta is chosen on kept-out images is not counted as a cost of privacy.
    """

    paper = "dp_lipschitz"
    swept = "clip norm, % of the least constant"

    smallest: int = setting(25, low=1)
    largest: int = setting(400, low=1)
    steps: int = setting(5, low=2)
    examples: int = setting(500, low=10, high=997)
    """To learn from, of 1,797; 400 are kept out, and 400 are tested."""
    iterations: int = setting(30, low=1)
    epsilon: float = setting(2.0, low=0.01)
    public: bool = setting(False)
    """The control: no noise."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        x, y = digits()
        order = random.permutation(len(x))[: self.examples + 800]
        return x[order], y[order], random.normal(size=(self.iterations, x.shape[1], len(RATES), CLASSES))

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        x, y, noise = sample
        learned, kept_out, tested = np.split(np.arange(len(x)), [self.examples, self.examples + 400])
        clip = size / 100 * np.sqrt(2) * np.linalg.norm(x[learned], axis=1).min()
        scale = 0.0 if self.public else gaussian_scale(2 * clip / len(learned), self.iterations, self.epsilon, DELTA)
        w = private_softmax(x[learned], y[learned], clip, scale * noise)
        right = (x @ w.reshape(len(w), -1)).reshape(len(x), *w.shape[1:]).argmax(2) == y[:, None]
        chosen = right[kept_out].mean(0).argmax()
        return {"accuracy": float(right[tested, chosen].mean())}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        accuracy, above = curves["accuracy"], np.array(sizes) > 100
        gap = accuracy[:, ~above].max(1) - accuracy[:, above].max(1)
        return {"gap": gap, "holds": np.float64(gap >= 0), "level": accuracy.max(1)}


def private_softmax(x: Array, y: Array, clip: float, noise: Array) -> Array:
    """(F, rates, classes), one for each rate, after steps of noise (steps, F, rates, classes)."""
    norms, truth = np.linalg.norm(x, axis=1)[:, None], np.eye(CLASSES)[y][:, None]
    w = np.zeros(noise.shape[1:])
    for drawn in noise:
        scores = (x @ w.reshape(len(w), -1)).reshape(len(x), *w.shape[1:])
        p = np.exp(scores - scores.max(2, keepdims=True))
        residuals = p / p.sum(2, keepdims=True) - truth
        lengths = norms * np.sqrt((residuals**2).sum(2))
        residuals *= (clip / np.maximum(lengths, clip))[..., None]
        gradient = (x.T @ residuals.reshape(len(x), -1)).reshape(w.shape) / len(x)
        w = w - RATES[:, None] / clip * (gradient + drawn)
    return w
