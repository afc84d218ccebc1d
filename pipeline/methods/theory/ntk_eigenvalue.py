"""The least eigenvalue of a deep ReLU network's tangent kernel, as the dimension grows."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import tangent_kernel
from pipeline.ops.rates import slopes


class NtkEigenvalue(Sweep):
    """Of the tangent kernel on n standard normal points in d dimensions; the sizes are d.

    Zhu, Liu, Chrysos, Locatello and Cevher 2023 bound it from below where dimensions are many, which keeps the margin
    of interpolation large. With kappa the kernel of unit vectors by their cosine, its limit for d well above n is
    d (kappa(1) - kappa(0) - kappa'(0) + kappa'(0) (1 - sqrt(n / d))^2): points are almost orthogonal, so that only the
    linear part of kappa shows beside the diagonal, and the linear part's least eigenvalue is at the edge of Marchenko
    and Pastur's law (our derivation).
    """

    paper = "lazy_benign"
    swept = "dimensions d"

    smallest: int = setting(256, low=1)
    largest: int = setting(1024, low=1)
    steps: int = setting(3, low=2)
    examples: int = setting(64, low=2)
    layers: int = setting(3, low=1)

    def draw(self, size: int, random: Random) -> Array:
        return random.normal(size=(self.examples, size))

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        eigenvalues = np.linalg.eigvalsh(tangent_kernel.kernel(sample, sample, self.layers))
        return {"eigenvalue": float(max(eigenvalues[0], 1e-12))}

    def predicted(self, size: int) -> dict[str, float]:
        ahead, none, behind, one = tangent_kernel.profile(np.array([1e-5, 0.0, -1e-5, 1.0]), self.layers)
        slope = (ahead - behind) / 2e-5
        edge = max(0.0, 1 - np.sqrt(self.examples / size)) ** 2
        return {"eigenvalue": float(size * (one - none - slope * (1 - edge)))}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        found = curves["eigenvalue"]
        return {
            "exponent": slopes(sizes, found),
            "deviation": found[:, -1] / self.predicted(sizes[-1])["eigenvalue"] - 1,
            "level": found[:, -1] / (sizes[-1] * self.layers),
        }
