"""Half points by whole graphs, how they grow, and probabilities under which they are others."""

import numpy as np
import pytest

from pipeline.methods.theory.planted_subgraph import PlantedSubgraph
from pipeline.ops import planted


def check(**changes: object) -> PlantedSubgraph:
    return PlantedSubgraph(**{"smallest": 50, "largest": 800, "steps": 3, "planted": 0.9, "around": 0.5, **changes})


def curves(made: PlantedSubgraph, repetitions: int = 3) -> dict[str, np.ndarray]:
    rows = [[made.measure(np.random.default_rng(seed), size) for size in made.sizes()] for seed in range(repetitions)]
    return {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}


def detected(vertices: int, edges: list[tuple[int, int]], random: np.random.Generator) -> tuple[float, float]:
    """Shares of 60 whole graphs with the edges planted that have a high degree, and that have many edges."""
    found = []
    for _ in range(60):
        graph = np.triu(random.random((vertices, vertices)) < 0.5, 1)
        for one, other in edges:
            graph[min(one, other), max(one, other)] = random.random() < 0.9
        degrees = graph.sum(0) + graph.sum(1)
        high = degrees.max() >= planted.degree_threshold(vertices, 0.5)
        found.append((high, graph.sum() >= planted.count_threshold(vertices, 0.5)))
    shares = np.mean(found, 0)
    return float(shares[0]), float(shares[1])


def test_half_of_whole_graphs_are_detected_at_half_points() -> None:
    half = {name: values.mean() for name, values in curves(check(smallest=50, largest=51, steps=2), 10).items()}
    random, star, edges = np.random.default_rng(0), round(half["star"]), round(half["edges"])
    assert detected(50, [(0, leaf) for leaf in range(1, star + 1)], random)[0] == pytest.approx(0.55, abs=0.2)
    pairs = [(one, other) for one in range(50) for other in range(one)]
    assert detected(50, [pairs[place] for place in random.permutation(len(pairs))[:edges]], random)[1] == pytest.approx(
        0.5, abs=0.2
    )
    assert detected(50, [(0, leaf) for leaf in range(1, star // 2)], random)[0] < 0.3, "a half of it would be seen"


def test_half_points_are_near_their_leading_order() -> None:
    made = check()
    found = curves(made)
    for place, size in enumerate(made.sizes()):
        assert found["star"][:, place].mean() == pytest.approx(made.predicted(size)["star"], rel=0.4)
        assert found["edges"][:, place].mean() == pytest.approx(made.predicted(size)["edges"], rel=0.15)


def test_growth_is_as_stated_and_not_of_another_power() -> None:
    made = check()
    found = made.summary(made.sizes(), curves(made))
    assert found["exponent"].mean() == pytest.approx(0.475, abs=0.03)
    assert found["exponent_edges"].mean() == pytest.approx(1, abs=0.1)
    assert 0 < found["log_ratio"].min() < found["log_ratio"].max() < np.log(2)
    assert found["gap"].min() > 0.5


def test_half_points_are_inverse_to_the_difference_of_probabilities() -> None:
    near, far = (curves(check(planted=p)) for p in (0.7, 0.9))
    assert near["star"] / far["star"] == pytest.approx(np.full((3, 3), 2.0), rel=0.15)
    assert (near["edges"] / far["edges"]).mean() == pytest.approx(2, rel=0.15)


def test_matchings_are_hidden_unless_probabilities_are_far_apart() -> None:
    assert curves(check(), 1)["matching"].min() > 0.65
    assert curves(check(planted=0.99, around=0.01), 1)["matching"].max() == 0
