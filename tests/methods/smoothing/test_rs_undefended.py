"""Training as usual, certified as the network that is trained on noise."""

import torch

from pipeline.methods.certified import Sampling
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from pipeline.methods.smoothing.rs_undefended import RSUndefended
from tests.kit.methods import CONTEXT, batch, classifier, made, trained


def test_it_trains_by_cross_entropy_alone():
    data = batch(("full",))
    torch.testing.assert_close(made(RSUndefended).loss(data), classifier(CrossEntropy).loss(data))


def test_the_same_weights_have_the_same_certificates():
    method, other = trained(made(RSUndefended, sigma=0.1)), made(RSGaussian, sigma=0.1)
    other.load_state_dict(method.state_dict())
    views = batch(("full",)).views[0]
    first, second = (
        each.eval().certify(views, CONTEXT.inputs, Sampling(100, 10), torch.Generator().manual_seed(1))
        for each in (method, other)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
