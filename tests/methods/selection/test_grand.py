"""GraNd against the gradient that autograd finds for each example alone, and where EL2N is the same."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.selection.el2n import EL2N
from pipeline.methods.selection.grand import GraNd
from tests.kit.methods import Training, batch, made, step


def slow(method, training):
    method.eval()
    norms = []
    for image, label in zip(torch.cat([*training.plain()]), training.labels, strict=True):
        loss = F.cross_entropy(method.logits(method.encoder(image[None])), label[None])
        gradients = torch.autograd.grad(loss, [method.head.weight, method.head.bias])
        norms.append(float(sum(g.square().sum() for g in gradients).sqrt()))
    method.train()
    return norms


def trained():
    method = made(GraNd)
    for seed in range(3):
        step(method, batch(("full",), seed=seed))
    return method


def test_against_autograd():
    method, training = trained(), Training()
    with torch.no_grad():
        found = method.score(training)
    assert found.tolist() == pytest.approx(slow(method, training), rel=1e-4)


def test_of_features_of_one_length_it_keeps_what_el2n_keeps():
    method, other, training = made(GraNd), made(EL2N), Training()
    for each in (method, other):
        each.encoder.forward = lambda x: F.normalize(x.flatten(1)[:, :10])
    with torch.no_grad():
        torch.testing.assert_close(method.score(training), other.score(training) * 2**0.5)


def test_at_the_start_it_does_not_read_what_the_proxy_learned():
    method, training = trained(), Training()
    method.at_start = True
    fresh = made(GraNd)
    with torch.no_grad():
        assert torch.equal(method.score(training), fresh.score(training))
    method.at_start = False
    for seed in range(3):
        step(method, batch(("full",), seed=seed))
    with torch.no_grad():
        assert not torch.allclose(method.score(training), fresh.score(training))
