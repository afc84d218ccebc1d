"""Two moons: the dual's steps by autograd and loops, where constant multipliers are the limit, and what is drawn."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.theory.manifold_lipschitz import ManifoldLipschitz
from pipeline.ops.smooth_networks import Graph

FEW = {"points": 20, "steps": 12, "kernel": 0.05, "learning_rate": 0.2}


def check(**changes: object) -> ManifoldLipschitz:
    return ManifoldLipschitz(**{**FEW, **changes})


@pytest.mark.parametrize("along_graph", [False, True])
def test_training_against_autograd_and_loops(along_graph: bool) -> None:
    made = check(along_graph=along_graph, target=0.6)  # which is reached, so that mu falls
    labelled, points, start = made.draw(1, np.random.default_rng(1))
    graph = Graph.of(points, 0.05)
    network, weights = made.trained(start, labelled, graph, 10.0, True)
    a, b, c = (torch.tensor(part, requires_grad=True) for part in (start.inner, start.bias, start.outer))
    x, u, laplacian = torch.tensor(labelled), torch.tensor(points), torch.tensor(graph.laplacian)

    def outputs(of: torch.Tensor) -> torch.Tensor:
        return torch.tanh(of @ a + b) @ c

    mu, own, mus = 1.0, [1 / 20] * 20, []
    for _ in range(12):
        p = outputs(u).softmax(1)
        loss = mu * F.cross_entropy(outputs(x), torch.arange(2))
        loss = loss + 10 * torch.trace((torch.diag(torch.tensor(own)).double() @ p).T @ laplacian @ p)
        slopes = torch.autograd.grad(loss, (a, b, c))
        with torch.no_grad():
            for part, slope in zip((a, b, c), slopes, strict=True):
                part -= 0.2 * slope
            mu = float((mu + 0.5 * (F.cross_entropy(outputs(x), torch.arange(2)) - 0.6)).clamp(0, 1))
            p = outputs(u).softmax(1)
            for i in range(20):
                ways = [
                    float((p[i] - p[j]).abs().sum() / (u[i] - u[j]).norm())
                    for j in range(20)
                    if j != i and (not along_graph or graph.edges[i, j])
                ]
                own[i] = own[i] + 0.5 * max(ways, default=0.0)
            own = [value / sum(own) for value in own]
        mus.append(mu)
    assert min(mus) < 1.0
    for found, want in zip((network.inner, network.bias, network.outer), (a, b, c), strict=True):
        np.testing.assert_allclose(found, want.detach().numpy(), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(weights, own, rtol=1e-6)


def test_without_ascent_it_is_the_constant_one_exactly() -> None:
    made = check(adapted=False)
    found = made.measure(made.draw(1, np.random.default_rng(2)), 1)
    curves = {name: np.array([[value]]) for name, value in found.items()}
    summary = made.summary([1], curves)
    assert all(summary[name][0] == 0.0 for name in ("gap", "gap_loss", "log_ratio", "log_ratio_ambient"))
    adapted = check().measure(check().draw(1, np.random.default_rng(2)), 1)
    assert adapted["lipschitz_adapted"] != found["lipschitz_adapted"]
    assert adapted["lipschitz_constant_0"] == found["lipschitz_constant_0"]


def test_moons_lie_on_half_circles_and_the_graph_keeps_them_apart() -> None:
    labelled, points, _ = ManifoldLipschitz().draw(1, np.random.default_rng(0))
    radii = [np.linalg.norm(points[:50], axis=1), np.linalg.norm(points[50:] - [1.0, 0.5], axis=1)]
    assert all(abs(radius - 1).max() < 0.25 for radius in radii) and labelled.shape == (2, 2)
    assert points[:50, 1].mean() > 0.5 > 0 > points[50:, 1].mean()
    edges = Graph.of(points, 0.005).edges
    assert edges[:50, :50].any() and edges[:50, 50:].sum() <= 2
    assert Graph.of(points, 0.05).edges[:50, 50:].sum() > 100, "the code's wider kernel joins them"


def test_by_default_as_in_the_authors_code() -> None:
    made = ManifoldLipschitz()
    assert (made.strength, made.dual_step, made.target) == (10.0, 0.5, 0.01)
