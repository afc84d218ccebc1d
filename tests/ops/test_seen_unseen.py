"""Accuracies over classes and the area under their trade-off, against slow loops and resampled data."""

import itertools

import numpy as np
import pytest

from pipeline.ops.seen_unseen import accuracies, class_average, curve_area, harmonic

DRAWS = np.random.default_rng(0)
LABELS = np.concatenate([np.repeat(np.arange(4), [3, 9, 5, 4]), np.repeat(np.arange(4, 7), [2, 8, 6])])
OF_SEEN = LABELS < 4
LEAD = DRAWS.normal(size=len(LABELS)) + OF_SEEN
RIGHT = DRAWS.random(len(LABELS)) < 0.7
ONCE = np.ones((len(LABELS), 1))


def slow(lead, right, labels, of_seen, offset=0.0):
    """Seen and unseen accuracy when `offset` is taken off seen scores."""
    sides = []
    for side in (True, False):
        per_class = []
        for label in sorted(set(labels[of_seen == side].tolist())):
            hits = [
                r and ((g - offset >= 0) == side) for r, g, y in zip(right, lead, labels, strict=True) if y == label
            ]
            per_class.append(100 * sum(hits) / len(hits))
        sides.append(sum(per_class) / len(per_class))
    return sides


def test_accuracies_are_means_over_classes():
    found = accuracies(LEAD, RIGHT, LABELS, OF_SEEN, ONCE)
    assert [float(each[0]) for each in found] == pytest.approx(slow(LEAD, RIGHT, LABELS, OF_SEEN))


def test_the_area_is_that_of_the_curve():
    points = sorted({-np.inf, np.inf, *(LEAD + 1e-9).tolist(), *(LEAD - 1e-9).tolist()})
    curve = [slow(LEAD, RIGHT, LABELS, OF_SEEN, offset) for offset in points]
    # steps: seen falls, unseen rises
    area = sum(seen * (after - before) for (seen, before), (_, after) in itertools.pairwise(curve))
    assert float(curve_area(LEAD, RIGHT, LABELS, OF_SEEN, ONCE)[0]) == pytest.approx(area / 100)


def test_the_area_does_not_depend_on_where_scores_start():
    first, moved = (curve_area(LEAD + by, RIGHT, LABELS, OF_SEEN, ONCE) for by in (0.0, 5.0))
    np.testing.assert_allclose(first, moved)


def test_counts_are_as_examples_repeated():
    counts = np.random.default_rng(1).integers(0, 3, size=(len(LABELS), 6))
    for measure in (
        lambda *of: accuracies(*of)[0],
        lambda *of: accuracies(*of)[1],
        curve_area,
    ):
        drawn = measure(LEAD, RIGHT, LABELS, OF_SEEN, counts)
        for r in range(6):
            rows = np.repeat(np.arange(len(LABELS)), counts[:, r])
            again = measure(LEAD[rows], RIGHT[rows], LABELS[rows], OF_SEEN[rows], np.ones((len(rows), 1)))
            assert float(drawn[r]) == pytest.approx(float(again[0]))


def test_the_harmonic_mean_of_nothing_is_nothing():
    assert harmonic(np.array([0.0, 60.0]), np.array([0.0, 30.0])).tolist() == [0.0, 40.0]


def test_a_class_without_examples_is_left_out():
    counts = ONCE.copy()
    counts[LABELS == 4] = 0
    right = RIGHT[~OF_SEEN]
    found = class_average(right, LABELS[~OF_SEEN], counts[~OF_SEEN])
    expected = np.mean([100 * RIGHT[label == LABELS].mean() for label in (5, 6)])
    assert float(found[0]) == pytest.approx(expected)
