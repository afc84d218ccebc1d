"""The ascent of ASAM by loops; that a rescaling which leaves the network as it is leaves the ascent's loss as it is."""

import copy
import math

import torch

from pipeline.methods.sharpness_aware.asam import ASAM
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.slopes import close, gradient, smooth, stepped


def ascent_by_loops(method, data, rho, eta):
    sizes = []
    for name, weight in method.named_parameters():
        sizes += [abs(value) + eta if name.endswith("weight") else 1.0 for value in weight.flatten().tolist()]
    slope = gradient(method, data)
    length = math.sqrt(sum((t * g) ** 2 for t, g in zip(sizes, slope, strict=True)))
    return [rho * t * t * g / length for t, g in zip(sizes, slope, strict=True)]


def test_the_gradient_at_the_top_of_the_ascent():
    method, data = smooth(ASAM, rho=0.7, eta=0.02)
    close(stepped(method, data), gradient(method, data, ascent_by_loops(method, data, 0.7, 0.02)))


def test_weights_of_one_size_are_sams():
    method, data = smooth(ASAM, rho=0.3, eta=0.0)
    flat, _ = smooth(SAM, rho=0.3)
    with torch.no_grad():
        for each in (method, flat):
            for weight in each.parameters():
                weight.copy_(weight.sign())
    close(stepped(method, data), stepped(flat, data))


def test_it_does_not_see_a_rescaling():
    """Filters twice as large and a head half as large are the same network without biases; the top's loss is too."""
    method, data = smooth(ASAM, rho=0.5, eta=0.0)
    with torch.no_grad():
        method.encoder.convolution.bias.zero_()
        scaled = copy.deepcopy(method)
        scaled.encoder.convolution.weight *= 2
        scaled.head.weight /= 2
    for each in (method, scaled):  # biases would have to be scaled with them
        each.encoder.convolution.bias.requires_grad_(False)
        each.head.bias.requires_grad_(False)
    losses = []
    for each in (method, scaled):
        each.climb(data)
        steps = each.ascend([w.grad for w in each.parameters() if w.grad is not None], 0.5)
        with torch.no_grad():
            for weight, move in zip([w for w in each.parameters() if w.requires_grad], steps, strict=True):
                weight += move
        losses.append(each.loss(data))
    torch.testing.assert_close(*losses)
