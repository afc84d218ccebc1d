"""The smoothest function on a manifold that fits labels: Laplacian regularisation whose weights seek steep places."""

from typing import Any

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.smooth_networks import Graph, TanhNetwork, cross_entropy, softmax

STRENGTHS = (1.0, 3.0, 10.0)
"""Of constant multipliers, in those of adaptive ones; the best counts, chosen by the very accuracy that is compared."""


class ManifoldLipschitz(Check):
    """min rho subject to E H(y, f(x)) <= epsilon and |grad f(u)| <= rho on the manifold, by its dual: descent on

    mu CE(labelled) + c tr((diag(lambda) P)^T L P), P (N, 2) the softmax at unlabelled points and L their graph's
    Laplacian, and ascent on mu <- clip(mu + eta (CE - epsilon), 0, 1) and lambda_i <- lambda_i + eta G_i, divided by
    their sum, with G_i = max_j |P_i - P_j|_1 / d_ij. lambda = 1 / N throughout is manifold regularisation.

    Cervino, Chamon, Haeffele, Vidal and Ribeiro 2023, by the authors' code for two moons: unlabelled points at equal
    angles with noise 0.05, a network of 64 tanh units, c = 10, eta = 0.5, epsilon = 0.01, L = I - D^-1/2 W D^-1/2 and
    W_ij = exp(-d_ij^2 / 4t) where that is above 0.1. The multiplier of rho is normalised away there, as here.

    Ours: labelled points at random angles, where those of the code are at the tips; t = 0.005, with which the moons are
    two components, in place of 0.05, which joins them; half as many points, the step size and the number of steps; no
    weight decay, of which there is 0.9; the last network, where the code keeps the one of the best accuracy. The
    Lipschitz constant that is compared is the largest |P_i - P_j|_1 / d_ij of neighbours in the graph.
    """

    paper = "manifold_lipschitz"

    points: int = setting(100, unit="unlabelled points", low=20)
    kernel: float = setting(0.005, unit="t of the heat kernel", low=1e-6)
    strength: float = setting(10.0, low=0.0)
    """c"""
    dual_step: float = setting(0.5, low=0.0)
    adapted: bool = setting(True)
    """A control: False leaves lambda as it is."""
    along_graph: bool = setting(False)
    """Whether G_i is over neighbours in the graph, where the code has all points."""
    target: float = setting(0.01, unit="nats", low=0.0)
    """epsilon"""
    steps: int = setting(4000, low=1)
    learning_rate: float = setting(1.0, low=1e-6)

    def draw(self, size: int, random: Random) -> tuple[Array, Array, TanhNetwork]:
        angles = np.tile(np.linspace(0, np.pi, self.points // 2), 2)
        classes = np.repeat([0, 1], self.points // 2)
        unlabelled = moons(angles, classes) + 0.05 * random.normal(size=(len(angles), 2))
        labelled = moons(random.uniform(0, np.pi, 2), np.arange(2)) + 0.05 * random.normal(size=(2, 2))
        return labelled, unlabelled, TanhNetwork.drawn(random, 2, 64, 2)

    def measure(self, sample: Any, size: int) -> dict[str, float]:
        labelled, unlabelled, start = sample
        graph, true = Graph.of(unlabelled, self.kernel), np.repeat([0, 1], self.points // 2)
        found = {}
        kinds = [("adapted", 1.0, self.adapted), ("plain", 0.0, False)]
        kinds += [(f"constant_{place}", times, False) for place, times in enumerate(STRENGTHS)]
        for name, times, adapted in kinds:
            network, weights = self.trained(start, labelled, graph, times * self.strength, adapted)
            p = softmax(network(unlabelled))
            found[f"accuracy_{name}"] = 100 * float((p.argmax(1) == true).mean())
            found[f"lipschitz_{name}"] = float(graph.slopes(p).max())
            found[f"ambient_{name}"] = float(graph.slopes(p, neighbours=False).max())
            found[f"loss_{name}"] = cross_entropy(network(labelled), np.arange(2))[0]
            if name == "adapted":
                found["mass"] = float(weights[np.argsort(graph.slopes(p, self.along_graph))[-len(p) // 10 :]].sum())
        return found

    def trained(
        self, start: TanhNetwork, labelled: Array, graph: Graph, strength: float, adapted: bool
    ) -> tuple[TanhNetwork, Array]:
        """The network and the multipliers at the end."""
        network, both = start.copy(), np.concatenate([labelled, graph.points])
        mu, weights = 1.0, np.full(len(graph.points), 1 / len(graph.points))
        for _ in range(self.steps):
            z = network(both)
            _, slope = cross_entropy(z[:2], np.arange(2))
            network.descend(
                both, np.concatenate([mu * slope, strength * graph.slope(z[2:], weights)]), self.learning_rate
            )
            z = network(both)
            mu = min(max(mu + self.dual_step * (cross_entropy(z[:2], np.arange(2))[0] - self.target), 0.0), 1.0)
            if adapted:
                weights = weights + self.dual_step * graph.slopes(softmax(z[2:]), self.along_graph)
                weights /= weights.sum()
        return network, weights

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        last = {name: values[:, -1] for name, values in curves.items()}
        best = np.max([last[f"accuracy_constant_{place}"] for place in range(len(STRENGTHS))], axis=0)
        return {
            "gap": last["accuracy_adapted"] - last["accuracy_constant_0"],
            "gap_best": last["accuracy_adapted"] - best,
            "gap_plain": last["accuracy_constant_0"] - last["accuracy_plain"],
            "gap_loss": last["loss_adapted"] - last["loss_constant_0"],
            "log_ratio": np.log10(last["lipschitz_adapted"] / last["lipschitz_constant_0"]),
            "log_ratio_ambient": np.log10(last["ambient_adapted"] / last["ambient_constant_0"]),
            "level_mass": last["mass"],
        }


def moons(angles: Array, classes: Array) -> Array:
    """(N, 2) points on the upper half circle, of class 0, and on the lower one that it reaches into."""
    upper = np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.where(classes[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
