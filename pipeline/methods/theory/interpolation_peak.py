"""The risk of the minimum norm around as many examples as features, which a smaller sketch or a penalty avoids."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import linear_design, ridge_path


class InterpolationPeak(Sweep):
    """Minimum norm, minimum norm on a sketch, and ridge regression at its best penalty, by the number n of examples.

    Chen, Zeng, Yang and Sun 2023: the risk of the minimum norm grows without bound as n comes near p; that of the
    optimally sketched fit, with m = p (1 - 1 / a) rows where n is not much larger than p, has no peak. A sketch of more
    rows than that is taken where the limits of the risks say that all n examples are better. Ridge regression is not in
    the paper's theorems, and is the least that any of them could risk.
    """

    paper = "sketched_ridgeless"
    swept = "examples n"

    smallest: int = setting(60, low=1)
    largest: int = setting(200, low=1)
    steps: int = setting(8, low=2)
    dimensions: int = setting(100, low=2)
    signal: float = setting(4.0, low=1.0)
    """a^2, and the ratio of signal to noise."""

    def sizes(self) -> list[int]:
        """Evenly, with as many examples as dimensions among them."""
        even = np.linspace(self.smallest, self.largest, self.steps).round()
        return sorted({int(size) for size in even} | {self.dimensions})

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Design, and a sketch of the best size."""
        p, rows = self.dimensions, round(self.dimensions * (1 - self.signal**-0.5))
        x = linear_design.drawn(size, p, self.signal, 1.0, random).x
        whole = p / (size - p) if size > p else self.signal * (1 - size / p) + size / max(p - size, 1e-9)
        if size <= rows or whole <= 2 * self.signal**0.5 - 1:
            return x, np.eye(size)
        return x, np.linalg.qr(random.normal(size=(size, rows)))[0].T

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        x, sketch = sample
        estimator = linear_design.minimum_norm(sketch @ x) @ sketch
        penalties = np.array([0.0, ridge_path.best_penalty(size, self.dimensions, self.signal, 1.0)])
        minimum, ridge = ridge_path.risks(ridge_path.eigenvalues(x), size, penalties, self.signal, 1.0)
        sketched = linear_design.excess_risk(estimator, x, self.signal, 1.0)
        return {"minimum_norm": float(minimum), "sketched": sketched, "ridge": float(ridge)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        minimum, sketched, ridge = (np.log(curves[name]) for name in ("minimum_norm", "sketched", "ridge"))
        peak = sizes.index(self.dimensions)
        return {
            "log_ratio": (minimum - ridge)[:, peak],
            "log_ratio_sketched": (minimum - sketched)[:, peak],
            "gap": sketched[:, peak] - sketched[:, peak - 1],
            "log_ratio_many": (minimum - ridge)[:, -1],
        }
