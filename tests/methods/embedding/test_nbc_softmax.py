"""Repulsion of class means by loops; without weight it is the softmax; means that coincide repel most."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.embedding.nbc_softmax import NBCSoftmax
from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from tests.kit.metric_learning import LABELS, centred, points, value


@pytest.mark.parametrize("settings", [{}, {"tau": 5.0, "over_batch": True}, {"block_weight": 0.8, "tau": 2.0}])
def test_nbc_softmax(settings):
    method, z, total = centred(NBCSoftmax, **settings), points(), 0.0
    means = [z[k == LABELS].mean(0) for k in range(4)]
    for k, mean in enumerate(means):
        others = [F.cosine_similarity(mean, other, dim=0).item() for j, other in enumerate(means) if j != k]
        total += math.log(sum(math.exp(method.tau * c) for c in others))
    r, count = method.block_weight, 4 if method.over_batch else 6
    wanted = (1 - r) * value(centred(NormalisedSoftmax)) + r * total / count
    assert value(method) == pytest.approx(wanted, rel=1e-6)


def test_without_weight_it_is_the_softmax():
    assert value(centred(NBCSoftmax, block_weight=0.0)) == value(centred(NormalisedSoftmax))


def test_means_move_apart():
    torch.manual_seed(0)
    z = (torch.randn(12, 5) + 3).requires_grad_()
    method = NBCSoftmax(block_weight=1.0, tau=2.0)

    def closeness(of):
        means = F.normalize(torch.stack([of[k == LABELS].mean(0) for k in range(4)]), dim=1)
        return (means @ means.T).sum().item()

    (gradient,) = torch.autograd.grad(method.centre_loss(torch.zeros(12, 6), LABELS, z), z)
    assert closeness(z.detach() - 5 * gradient) < closeness(z.detach())


def test_of_one_class_nothing_repels():
    cosines, z = torch.randn(4, 6).tanh(), torch.randn(4, 5)
    labels = torch.zeros(4, dtype=torch.long)
    softmax = NormalisedSoftmax().centre_loss(cosines, labels, z)
    torch.testing.assert_close(NBCSoftmax().centre_loss(cosines, labels, z), 0.5 * softmax)
