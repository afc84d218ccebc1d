"""NT-Xent of features that count less and less, by slow loops, with kappa 1 as no head at all."""

import pytest
import torch

from pipeline.methods.joint_embedding.fixed_head import FixedHead
from tests.kit.methods import FEATURES, batch, loop_nt_xent, made, pair


def test_a_fixed_head_is_nt_xent_of_features_that_count_less_and_less():
    method, (z1, z2) = made(FixedHead, kappa=1.5, temperature=0.5), pair(6, FEATURES)
    weights = torch.tensor([1.5**-i for i in range(FEATURES)])
    torch.testing.assert_close(method.projector(z1), z1 * weights)
    found = method.objective(method.projector(z1), method.projector(z2)).item()
    assert found == pytest.approx(loop_nt_xent(z1 * weights, z2 * weights, 0.5), rel=1e-5)
    assert not list(method.projector.parameters())


def test_kappa_decides_the_gradient_that_features_get_but_not_what_evaluation_takes():
    gradients, features = [], []
    for kappa in (1.0, 3.0):
        method, data = made(FixedHead, batch_norm=False, kappa=kappa), batch()
        features.append(method.features(data.views[0]))
        method.loss(data).backward()
        gradients.append(method.encoder.convolution.weight.grad.flatten(1).norm(dim=1))
    assert torch.equal(*features)
    assert gradients[1][-1] / gradients[1][0] < gradients[0][-1] / gradients[0][0] / 100, "3^-9 of the first"
