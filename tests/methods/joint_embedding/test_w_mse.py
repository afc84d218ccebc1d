"""Distances of whitened embeddings against slow loops with a hand-made Cholesky factor, and what whitening ignores."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.w_mse import WMSE
from tests.kit.embeddings import columns, loop_covariance
from tests.kit.methods import pair, unit


def loop_whitened(z, epsilon):
    matrix, dims = loop_covariance(z), z.shape[1]
    shrunk = [[(1 - epsilon) * matrix[i][j] + epsilon * (i == j) for j in range(dims)] for i in range(dims)]
    factor = [[0.0] * dims for _ in range(dims)]
    for i in range(dims):
        for j in range(i + 1):
            rest = shrunk[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    means = [sum(column) / len(column) for column in columns(z)]
    result = []
    for row in z.double().tolist():
        solved: list[float] = []
        for i in range(dims):
            known = sum(factor[i][k] * solved[k] for k in range(i))
            solved.append((row[i] - means[i] - known) / factor[i][i])
        result.append(solved)
    return result


@pytest.mark.parametrize(("iterations", "epsilon", "size"), [(1, 0.0, 12), (3, 0.2, 14)])
def test_w_mse_equals_the_slow_loops_over_its_divisions(iterations, epsilon, size):
    z = pair(size, 3)
    torch.manual_seed(4)
    orders = torch.rand(iterations, size).argsort(1).tolist()
    expected = 0.0
    for order in orders:
        for part in (order[: size // 2], order[size // 2 :]):
            v1, v2 = (loop_whitened(view[part], epsilon) for view in z)
            for a, b in zip(v1, v2, strict=True):
                expected += sum((x - y) ** 2 for x, y in zip(unit(a), unit(b), strict=True)) / (size * iterations)
    torch.manual_seed(4)
    method = WMSE(sub_batch=6, iterations=iterations, epsilon=epsilon)
    assert method.objective(*z).item() == pytest.approx(expected, rel=1e-4)


def test_w_mse_whitens_the_same_images_of_both_views_and_ignores_scale():
    z1, _ = pair(12, 3)
    method = WMSE(sub_batch=6)
    assert method.objective(z1, 5 * z1 * torch.tensor([1.0, 2.0, 0.1]) - 3).item() == pytest.approx(0.0, abs=1e-5)


def test_batches_smaller_than_a_sub_batch_or_no_multiple_of_it_are_whitened_too():
    assert WMSE(sub_batch=50).objective(*pair(12, 3)).isfinite(), "a batch smaller than a sub-batch is whitened whole"
    assert WMSE(sub_batch=6).objective(*pair(13, 3)).isfinite()
