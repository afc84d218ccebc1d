"""Sparse regression under local privacy: users one by one, sensitivities by search, and the error derived."""

import itertools
import math

import numpy as np
import pytest

from pipeline.ops import local_privacy
from pipeline.ops.privacy import gaussian_scale


def test_moments_are_those_of_users_one_by_one() -> None:
    """Means over repetitions of few users, and how much they vary."""
    theta, random = np.array([0.6, -0.8, 0.0]), np.random.default_rng(0)
    vectors = np.array([local_privacy.users(3, theta, 20, random)[1] for _ in range(3000)])
    one_by_one = []
    for _ in range(3000):
        x = random.choice([-1.0, 1.0], size=(20, 3))
        y = x @ theta + local_privacy.SPREAD * random.choice([-1.0, 1.0], size=20)
        one_by_one.append(x.T @ y / 20)
    assert vectors.mean(0) == pytest.approx(theta, abs=0.03)
    assert vectors.std(0) == pytest.approx(np.std(one_by_one, axis=0), rel=0.06)
    matrix, _ = local_privacy.users(3, theta, 1000, random)
    assert np.diag(matrix) == pytest.approx(np.ones(3)) and np.abs(matrix - np.eye(3)).max() < 0.2


def test_no_two_users_are_further_apart_than_noise_allows_for() -> None:
    x = [np.array(each, float) for each in itertools.product([-1, 1], repeat=4)]
    triangles = [np.outer(each, each)[np.triu_indices(4, 1)] for each in x]
    apart = max(np.linalg.norm(one - other) for one in triangles for other in triangles)
    vectors = [3 * each for each in x] + [-3 * each for each in x]
    apart_vectors = max(np.linalg.norm(one - other) for one in vectors for other in vectors)
    unit = gaussian_scale(1.0, 1, 0.7, local_privacy.DELTA) / 10
    # no two triangles have all signs unlike
    assert apart <= local_privacy.matrix_scale(4, 100, 0.7) / unit <= 1.3 * apart
    assert local_privacy.vector_scale(4, 3.0, 100, 0.7) / unit == pytest.approx(apart_vectors)


def test_the_error_is_that_derived_and_not_that_of_half_the_budget() -> None:
    d, k, count = 16, 2, 10**12
    moments = np.eye(d), local_privacy.sparse(d, k)
    released, public = local_privacy.errors(moments, k, count, 1.0, 2000, np.random.default_rng(0))
    bound = math.sqrt(2) + local_privacy.SPREAD
    vector, half = (local_privacy.vector_scale(d, bound, count, epsilon) for epsilon in (1.0, 0.5))
    matrix = local_privacy.matrix_scale(d, count, 0.5)
    assert public == pytest.approx(math.sqrt(k) * vector, rel=0.04)
    # of two kept entries each sees the noise of its pair once, times 1 / sqrt(2)
    assert released == pytest.approx(math.sqrt(k * (half**2 + matrix**2 / 2)), rel=0.04)
    assert abs(released / math.sqrt(k * (vector**2 + matrix**2 / 2)) - 1) > 0.2


def test_only_the_largest_entries_are_kept() -> None:
    moments = np.eye(50), local_privacy.sparse(50, 2)
    kept, all_entries = (
        local_privacy.errors(moments, 2, 10**12, 1.0, 500, np.random.default_rng(0), dense)[1]
        for dense in (False, True)
    )
    assert all_entries / kept == pytest.approx(5, rel=0.1)
