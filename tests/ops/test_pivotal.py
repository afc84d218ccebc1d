"""Pivotal sampling: duels one by one, probabilities by counting, exact numbers, and a tree made from lists."""

import numpy as np
import pytest

from pipeline.ops import pivotal

Array = np.ndarray


class Given:
    """A generator that gives what it is told, duel by duel, level by level."""

    def __init__(self, draws: list[float]) -> None:
        self.draws = draws

    def random(self, count: int) -> Array:
        given, self.draws = self.draws[:count], self.draws[count:]
        return np.array(given)


def made(count: int, seed: int, expected: int) -> tuple[Array, Array, np.random.Generator]:
    """Probabilities, a tree and a generator."""
    random = np.random.default_rng(seed)
    chances = pivotal.inclusion(random.exponential(size=count) ** 2, expected)
    return chances, pivotal.leaves(random.normal(size=(count, 2))), random


# --- probabilities ---


def test_scores_are_scaled_alike_up_to_one() -> None:
    scores = np.random.default_rng(0).exponential(size=50) ** 2
    found = pivotal.inclusion(scores, 20)
    assert found.sum() == pytest.approx(20, abs=1e-12) and (found == 1).any()
    low, high = 0.0, 1e6
    for _ in range(200):  # the factor, by halving
        middle = (low + high) / 2
        low, high = (middle, high) if sum(min(1.0, middle * s) for s in scores) < 20 else (low, middle)
    assert found == pytest.approx(np.minimum(1, low * scores), abs=1e-9)


# --- the tree ---


def as_lists(points: Array, which: list[int], axis: int) -> list[int]:
    """The points from left to right."""
    if len(which) == 1:
        return which
    ordered = sorted(which, key=lambda i: points[i, axis])
    middle, below = len(which) // 2, (axis + 1) % points.shape[1]
    return as_lists(points, ordered[:middle], below) + as_lists(points, ordered[middle:], below)


@pytest.mark.parametrize(("count", "axes"), [(16, 2), (37, 2), (50, 3), (2, 1), (1, 2)])
def test_nodes_halve_their_points_by_one_coordinate_after_another(count: int, axes: int) -> None:
    points = np.random.default_rng(1).normal(size=(count, axes))
    tree = pivotal.leaves(points)
    assert len(tree) == 2 ** int(np.ceil(np.log2(count)))
    assert tree[tree >= 0].tolist() == as_lists(points, list(range(count)), 0)


def test_halves_of_a_node_differ_by_one_point_at_most() -> None:
    there = pivotal.leaves(np.random.default_rng(2).normal(size=(37, 2))) >= 0
    for height in range(6):
        below = there.reshape(2**height, 2, -1).sum(2)
        assert (np.abs(below[:, 0] - below[:, 1]) <= 1).all()


# --- duels ---


def one_by_one(chances: Array, tree: list[int], draws: list[float]) -> set[int]:
    """What is chosen, where a duel with nobody is none and draws are of duels from left to right, leaves first."""
    chosen = {i for i, p in enumerate(chances) if p == 1}
    nodes = [(i, float(chances[i])) if i >= 0 and chances[i] < 1 else (-1, 0.0) for i in tree]
    while len(nodes) > 1:
        above = []
        for (first, p), (second, q) in zip(nodes[::2], nodes[1::2], strict=True):
            draw = draws.pop(0)
            if p == 0 or q == 0:
                above.append((second, q) if p == 0 else (first, p))
            elif p + q < 1:
                above.append((first if draw < p / (p + q) else second, p + q))
            else:
                stays = draw < (1 - p) / (2 - p - q)
                chosen.add(second if stays else first)
                above.append((first if stays else second, p + q - 1))
        nodes = above
    if nodes[0][1] > 0.5:
        chosen.add(nodes[0][0])
    return chosen


@pytest.mark.parametrize("count", [8, 21, 64])
def test_duels_are_those_made_one_by_one(count: int) -> None:
    chances, tree, random = made(count, count, count // 3)
    assert (chances == 1).any()
    for _ in range(20):
        draws = random.random(len(tree)).tolist()
        found = pivotal.pivotal(chances, tree, Given(list(draws)))  # type: ignore[arg-type]
        assert set(np.flatnonzero(found)) == one_by_one(chances, tree.tolist(), draws)


def test_every_sample_has_as_many_points_and_each_its_probability() -> None:
    chances, tree, random = made(13, 3, 5)
    found = np.array([pivotal.pivotal(chances, tree, random) for _ in range(8000)])
    assert (found.sum(1) == 5).all()
    assert found.mean(0) == pytest.approx(chances, abs=0.02)
    assert found[:, chances == 1].all()


def test_siblings_keep_each_other_out() -> None:
    """Two with a sum below 1 are never chosen both; of two with one above, one always is."""
    tree, random = np.arange(4), np.random.default_rng(4)
    found = np.array([pivotal.pivotal(np.array([0.3, 0.4, 0.7, 0.6]), tree, random) for _ in range(2000)])
    assert not (found[:, 0] & found[:, 1]).any() and (found[:, 2] | found[:, 3]).all()
    alone = np.array([pivotal.bernoulli(np.array([0.3, 0.4, 0.7, 0.6]), random) for _ in range(2000)])
    assert (alone[:, 0] & alone[:, 1]).any() and len(set(alone.sum(1).tolist())) > 1
    assert alone.mean(0) == pytest.approx([0.3, 0.4, 0.7, 0.6], abs=0.04)


def test_parts_have_their_mean_number_rounded() -> None:
    for seed in range(5):
        chances, tree, random = made(100, seed, 17)
        found = pivotal.pivotal(chances, tree, random)
        slow = 0.0
        for height in range(8):
            for part in tree.reshape(2**height, -1):
                own = part[part >= 0]
                slow = max(slow, abs(found[own].sum() - chances[own].sum()))
        assert pivotal.worst_part(chances, found, tree) == pytest.approx(slow)
        assert slow < 1
    independent = [pivotal.bernoulli(chances, random) for _ in range(20)]
    assert max(pivotal.worst_part(chances, one, tree) for one in independent) > 1
