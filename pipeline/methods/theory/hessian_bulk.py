"""Eigenvalues of the Hessian of trained networks: how many stand out, by width, by classes, and why."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes
from pipeline.ops.small_sets import gaussian_clusters, images
from pipeline.ops.tanh_networks import TanhNetwork

EXAMPLES, INPUTS = 200, 15
LARGE, SMALL = 0.1, 0.01
"""Of the mean of the K largest eigenvalues."""


class HessianBulk(Sweep):
    """Two hidden layers of tanh units, trained to a loss of 0.01; the sizes are numbers of units in each.

    Sagun, Evci, Guney, Dauphin and Bottou 2018: the spectrum is a bulk near zero and outliers, commonly read as about
    as many as there are classes. More parameters add to the bulk alone, and more classes to the outliers, which are
    those of the covariance of gradients of the outputs, the Gauss-Newton part of the Hessian.

    The paper looks at spectra and gives no rule, so these are ours. Outliers end where the quotient of neighbouring
    eigenvalues is largest among the 3 K largest, which by chance is after K or K - 1 of them in 2 of 3 K cases. What is
    above a tenth of the mean of the K largest is large, and what is below a hundredth, of either sign, near zero. The
    overlap is that of the spaces of the K largest eigenvalues of the Hessian and of its Gauss-Newton part.

    Here are 200 images of digits in their 15 main directions, or as many points in K Gaussian clusters, gradient
    descent with momentum on all at once, and all eigenvalues.
    """

    paper = "hessian_bulk"
    swept = "units a layer"

    smallest: int = setting(8, low=1)
    largest: int = setting(16, low=1)
    steps: int = setting(3, low=2)
    classes: int = setting(5, low=2, high=10)
    """K."""
    clusters: bool = setting(False)
    """Gaussian clusters in place of digits."""
    untrained: bool = setting(False)
    """The control: the networks as they start."""

    def draw(self, size: int, random: Random) -> tuple[TanhNetwork, Array]:
        inputs, labels = (gaussian_clusters if self.clusters else images)(self.classes, EXAMPLES, INPUTS, random)
        network = TanhNetwork(inputs, labels, (INPUTS, size, size, self.classes))
        return network, network.started(random)

    def measure(self, sample: tuple[TanhNetwork, Array], size: int) -> dict[str, float]:
        network, start = sample
        hessian, outer = network.curvature(start if self.untrained else network.descended(start, 0.01, 1500))
        values = np.linalg.eigvalsh(hessian)[::-1]
        scale, top = values[: self.classes].mean(), values[: 3 * self.classes + 1]
        last = int((top[:-1] / top[1:]).argmax()) + 1
        shared = self._space(outer).T @ self._space(hessian)
        return {
            "parameters": float(network.size),
            "large": float((values > LARGE * scale).sum()),
            "near_zero": float((np.abs(values) < SMALL * scale).mean()),
            "outliers": float(last),
            "overlap": float((shared**2).sum() / self.classes),
        }

    def _space(self, matrix: Array) -> Array:
        """Of the K largest eigenvalues."""
        from scipy.linalg import eigh

        count = len(matrix)
        found: Array = eigh(matrix, subset_by_index=[count - self.classes, count - 1], driver="evr")[1]
        return found

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        outliers = curves["outliers"]
        return {
            "holds": ((outliers == self.classes) | (outliers == self.classes - 1)).mean(1),
            "level_outliers": outliers.mean(1),
            "level_large": curves["large"].mean(1),
            "exponent": slopes(curves["parameters"][0], curves["large"]),
            "level_near_zero": curves["near_zero"].mean(1),
            "level_overlap": curves["overlap"].mean(1),
        }
