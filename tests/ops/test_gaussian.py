"""Tied Gaussians by scikit-learn and loops; distances under the identity, another basis, and dead channels."""

import numpy as np
import torch
from sklearn.covariance import EmpiricalCovariance

from pipeline.ops.gaussian import nearest_class, tied_gaussians


def points(count, dim, seed):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_they_equal_scikit_learn_and_loops():
    x, y = points(40, 3, 14), torch.tensor([0, 1, 4, 4] * 10)
    means, precision = tied_gaussians(x, y)
    centred = np.concatenate([x[y == c].numpy() - x[y == c].numpy().mean(0) for c in (0, 1, 4)])
    np.testing.assert_allclose(precision, EmpiricalCovariance().fit(centred).precision_, rtol=1e-9)
    q = points(5, 3, 24)
    want = [
        min(sum((v[i] - m[i]) * precision[i, j] * (v[j] - m[j]) for i in range(3) for j in range(3)) for m in means)
        for v in q
    ]
    torch.testing.assert_close(nearest_class(q, means, precision), torch.stack(want))


def test_with_the_identity_the_distance_is_the_nearest_class_mean():
    q, means = points(20, 4, 15).float(), points(3, 4, 25).float()
    torch.testing.assert_close(nearest_class(q, means, torch.eye(4)), torch.cdist(q, means).amin(1) ** 2)


def test_the_distance_does_not_depend_on_the_scale_or_mix_of_features():
    x, y, mix = points(60, 4, 16), torch.arange(60) % 3, points(4, 4, 26)
    want = nearest_class(x, *tied_gaussians(x, y))
    torch.testing.assert_close(nearest_class(x @ mix, *tied_gaussians(x @ mix, y)), want)


def test_dead_channels_do_no_harm():
    x, y = points(60, 4, 17), torch.arange(60) % 3
    dead = torch.cat([x, torch.zeros(60, 2, dtype=torch.float64)], 1)
    torch.testing.assert_close(nearest_class(dead, *tied_gaussians(dead, y)), nearest_class(x, *tied_gaussians(x, y)))
