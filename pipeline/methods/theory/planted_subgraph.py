"""How large a subgraph planted in a random graph must be for tests by edges, degrees and cliques to see it."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import planted
from pipeline.ops.rates import slopes

GRAPHS = 100
LEAVES = (8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362)


class PlantedSubgraph(Sweep):
    """Edges have probability q, and p within a random copy of a subgraph with e edges and a largest degree of d.

    Elimelech and Huleihel 2025: with p and q fixed, counting edges detects it if e is well above n, the largest degree
    if d is well above sqrt(n log n), and a scan, which takes exponential time, if its largest density of edges to
    vertices is well above log n; below all three, up to logarithms, nothing does. Tests have a level of 5%, by union
    bounds. What is counted is half points: the size that half of 100 graphs are detected at, each grown edge by edge
    with the same draws. Stars are looked for by the degree of their centre.

    That nothing detects a star is by second moments, of which the exact sums are ours (`ops/planted.py`). A clique with
    p = 1 of the scan's size is always found by it. The sizes are n.
    """

    paper = "planted_subgraph"
    swept = "vertices n"
    thresholds = {"star": "leaves"}

    smallest: int = setting(100, low=10)
    largest: int = setting(1600, low=10)
    steps: int = setting(5, low=2)
    planted: float = setting(0.9, low=0.0, high=1.0)
    """p."""
    around: float = setting(0.5, low=0.01, high=0.99)
    """q."""

    requires = ("around < planted",)

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        p, q = self.planted, self.around
        edges = size * (size - 1) // 2
        at_centre = sample.random((GRAPHS, size - 1), np.float32)
        stars = _first(at_centre, p, q, planted.degree_threshold(size, q))
        # as many as any subgraph is grown to here; the other edges come with them in one number
        grown = sample.random((GRAPHS, min(edges, int(2.5 * size / (p - q)))), np.float32)
        others = sample.binomial(edges - grown.shape[1], q, GRAPHS)
        counted = float(np.median(_first(grown, p, q, planted.count_threshold(size, q) - others)))
        chi = (p - q) ** 2 / (q * (1 - q))
        return {
            "star": float(np.median(stars)),
            "edges": counted,
            "clique": (1 + np.sqrt(1 + 8 * counted)) / 2,
            "scan": float(planted.clique_threshold(size, q)),
            "hidden_star": float(planted.hidden_star(size, chi)),
            "matching": max(0.0, 1 - planted.matching_moment(size, chi) ** 0.5 / 2),
            # a star of more leaves than there are other vertices is none
            **{f"star_at_{k}": float((stars <= k).mean()) if k < size else np.nan for k in LEAVES},
        }

    def predicted(self, size: int) -> dict[str, float]:
        """Where the mean statistic is the null's quantile, to leading order."""
        spread, p, q = np.sqrt(self.around * (1 - self.around)), self.planted, self.around
        quantile = 1.645  # normal, of 5%
        return {
            "star": float(spread * np.sqrt(2 * size * np.log(size)) / (p - q)),
            "edges": float(spread * quantile * size / np.sqrt(2) / (p - q)),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        scale = np.array(sizes) * np.log(sizes)
        beyond = np.log(curves["clique"] / curves["scan"])
        return {
            "exponent": slopes(scale, curves["star"]),
            "exponent_hidden": slopes(scale, curves["hidden_star"]),
            "log_ratio": np.log(curves["star"] / curves["hidden_star"]).mean(1),
            "exponent_edges": slopes(sizes, curves["edges"]),
            "level_star_edges": curves["edges"][:, -1] / (sizes[-1] - 1),
            "level_matching": curves["matching"].min(1),
            "gap": beyond[:, -1] - beyond[:, 0],
        }


def _first(draws: Array, p: float, q: float, thresholds: Array | int) -> Array:
    """Of each row, how many edges must be planted until their number in it is the threshold."""
    there = (draws < q).sum(1)
    gained = np.cumsum((draws >= q) & (draws < p), 1, dtype=np.int32)
    short = gained < np.reshape(thresholds - there, (-1, 1))
    return np.asarray(short.sum(1) + 1)
