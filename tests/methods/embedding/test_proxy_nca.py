"""Distances to proxies by loops; a softmax without the true class."""

import math

import pytest
import torch

from pipeline.methods.embedding.proxy_nca import ProxyNCA
from tests.kit.metric_learning import LABELS, centred, directions, points, rows, value


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_proxy_nca(scale):
    total = 0.0
    for row, y in zip(rows(points(), directions()), LABELS.tolist(), strict=True):
        weights = [math.exp(-scale * (2 - 2 * c)) for c in row]
        total += -math.log(weights[y] / (sum(weights) - weights[y]))
    assert value(centred(ProxyNCA, scale=scale)) == pytest.approx(total / 12)


def test_of_two_classes_it_is_a_difference_of_distances():
    cosines = torch.tensor([[0.5, -0.25]], dtype=torch.float64)
    found = ProxyNCA(scale=1.0).centre_loss(cosines, torch.tensor([0]), cosines)
    assert found.item() == pytest.approx(1.0 - 2.5)
