"""Thresholds by simulation, and second moments by enumerating copies."""

from itertools import combinations, permutations

import numpy as np
import pytest

from pipeline.ops import planted


def moment(vertices: int, copies: list[frozenset[frozenset[int]]], chi: float) -> float:
    """E L^2 - 1: the first copy against all."""
    return float(np.mean([(1 + chi) ** len(copies[0] & copy) for copy in copies])) - 1


def test_the_moment_of_stars_is_that_of_all_copies() -> None:
    copies = [
        frozenset(frozenset({centre, leaf}) for leaf in leaves)
        for centre in range(7)
        for leaves in combinations([vertex for vertex in range(7) if vertex != centre], 3)
    ]
    for chi in (0.3, 2.0):
        assert planted.star_moment(7, 3, chi) == pytest.approx(moment(7, copies, chi), rel=1e-9)


def test_the_moment_of_matchings_is_that_of_all_copies() -> None:
    copies = list(
        {frozenset(frozenset(order[place : place + 2]) for place in (0, 2, 4)) for order in permutations(range(6))}
    )
    assert len(copies) == 15
    assert planted.matching_moment(6, 0.64) == pytest.approx(moment(6, copies, 0.64), rel=1e-9)
    assert planted.matching_moment(4000, 0.64) == pytest.approx(np.expm1(0.32), rel=1e-3), "half an edge in common"


def test_the_largest_hidden_star_is_at_the_bound() -> None:
    leaves = planted.hidden_star(200, 0.64)
    assert planted.star_moment(200, leaves, 0.64) <= 1 < planted.star_moment(200, leaves + 1, 0.64)
    assert planted.hidden_star(200, 1e-6) == 199, "where probabilities are all but alike all stars are hidden"


def test_levels_are_kept_and_nearly_used() -> None:
    random = np.random.default_rng(0)
    vertices, graphs = 40, 3000
    upper = np.triu(random.random((graphs, vertices, vertices), np.float32) < 0.5, 1)
    degrees = (upper.sum(1) + upper.sum(2)).max(1)
    assert 0.02 < (degrees >= planted.degree_threshold(vertices, 0.5)).mean() < 0.06
    assert 0.03 < (upper.sum((1, 2)) >= planted.count_threshold(vertices, 0.5)).mean() < 0.06


def test_cliques_of_the_threshold_are_rare_by_counting_all() -> None:
    """The expected number in 12 vertices: choose and powers of a half."""
    size = planted.clique_threshold(12, 0.5)
    expected = [len(list(combinations(range(12), k))) * 0.5 ** (k * (k - 1) // 2) for k in (size - 1, size)]
    assert expected[1] <= 0.05 < expected[0]
