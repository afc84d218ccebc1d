"""k-means whose queries agree with neighbours."""

import torch

from pipeline.methods.few_shot.k_means_transductive import KMeansTransductive
from pipeline.methods.few_shot.slk_means import SLKMeans
from tests.kit.few_shot import episodes, looked, turned


def test_without_neighbours_it_is_k_means():
    given = episodes()[:3]
    found = [looked(method).classify(*given).argmax(2) for method in (SLKMeans(lam=0.0), KMeansTransductive())]
    assert torch.equal(*found)


def test_neighbours_change_scores_and_episodes_do_not_touch():
    given = episodes()[:3]
    found = [looked(SLKMeans(lam=lam)).classify(*given) for lam in (0.0, 1.0)]
    assert not torch.allclose(*found) and turned(looked(SLKMeans(lam=0.5)))
