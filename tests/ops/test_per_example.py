"""Gradients of examples apart against backward passes one by one."""

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.per_example import gradients, jacobian
from pipeline.ops.vectors import give, split
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made


def flat(slopes):
    return torch.cat([slope.flatten() for slope in slopes])


def test_against_backward_passes():
    data, method = doubled(batch(("full",))), made(CrossEntropy, batch_norm=False).double()
    parameters = list(method.parameters())
    apart, logits = gradients(method, data.views[0], data.labels), jacobian(method, data.views[0])
    for place, label in enumerate(data.labels):
        found = method.logits(method.encoder(data.views[0][place : place + 1]))
        for k in range(3):
            slope = flat(torch.autograd.grad(found[0, k], parameters, retain_graph=True))
            torch.testing.assert_close(logits[place, k], slope)
        loss = method.objective(found, label[None])
        torch.testing.assert_close(apart[place], flat(torch.autograd.grad(loss, parameters)))


def test_a_vector_is_given_to_the_parameters_in_their_order():
    method = made(CrossEntropy, batch_norm=False)
    parameters = list(method.parameters())
    vector = torch.arange(sum(p.numel() for p in parameters)).float()
    give(parameters, split(vector, parameters))
    assert torch.equal(flat([p.grad for p in parameters]), vector)
