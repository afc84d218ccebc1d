"""Gaussian classes with one covariance, by loops."""

import torch

from pipeline.methods.few_shot.gda import GDA
from tests.kit.few_shot import episodes, looked, turned


def test_against_loops():
    support, labels, queries, _ = episodes(shots=4)
    found = GDA().classify(support, labels, queries)
    for e in range(4):
        x, q = (torch.nn.functional.normalize(part[e].double(), dim=1) for part in (support, queries))
        means = torch.stack([x[labels[e] == c].mean(0) for c in range(3)])
        centred = torch.cat([x[labels[e] == c] - means[c] for c in range(3)])
        covariance = centred.T.cov()
        precision = 6 * torch.linalg.pinv((len(x) - 1) * covariance + covariance.trace() * torch.eye(6).double())
        expected = q @ precision @ means.T - torch.stack([m @ precision @ m for m in means]) / 2
        torch.testing.assert_close(found[e], expected)


def test_with_one_shot_it_is_the_nearest_mean_of_unit_features():
    given = episodes(shots=1)[:3]
    expected = GDA(whitened=False).classify(*given)
    torch.testing.assert_close(GDA().classify(*given), expected)
    torch.testing.assert_close(GDA(ridge=False).classify(*given), expected)
    assert turned(looked(GDA()))
