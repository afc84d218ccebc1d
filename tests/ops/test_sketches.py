"""Sketches: their second moments, their entries, and the shortest solutions."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from pipeline.ops import sketches


@pytest.mark.parametrize("kind", ["gaussian", "hadamard", "count"])
def test_the_mean_of_the_gram_matrix_is_the_identity(kind: str) -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(7, 2)), random.normal(size=7)
    whole = np.column_stack([a, b])
    mean = np.mean(
        [np.linalg.multi_dot([s.T, s]) for s in (sketches.apply(kind, 6, a, b, random) for _ in range(4000))], 0
    )
    assert mean == pytest.approx(whole.T @ whole, abs=0.6)


def test_rows_of_a_hadamard_matrix_by_that_matrix() -> None:
    """The identity shows the entries: with the signs of its columns taken out they are rows of the matrix."""
    entries = sketches.hadamard(5, np.eye(16), np.random.default_rng(1), ambient=16) * np.sqrt(5)
    random = np.random.default_rng(1)
    places, rows, signs = random.permutation(16), random.integers(16, size=(5, 1)), random.choice([-1.0, 1.0], size=16)
    assert np.array_equal(entries, hadamard(16)[rows, places] * signs)


def test_a_count_sketch_has_one_entry_a_column() -> None:
    entries = sketches.count(4, np.eye(9), np.random.default_rng(2))
    assert (np.abs(entries).sum(0) == 1).all() and ((entries != 0).sum(0) == 1).all()


def test_least_squares_with_and_without_full_rank() -> None:
    joined = np.random.default_rng(3).normal(size=(9, 4))
    assert sketches.least_squares(joined) == pytest.approx(np.linalg.lstsq(joined[:, :3], joined[:, 3], rcond=None)[0])
    joined[:, 1] = joined[:, 0]
    assert sketches.least_squares(joined) == pytest.approx(np.linalg.pinv(joined[:, :3]) @ joined[:, 3])
