"""The slope of the penalised loss by differences; SAM to first order; nothing to pay is cross-entropy."""

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.gradient_norm.gradient_penalty import GradientPenalty
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.losses import differences
from tests.kit.methods import batch, made
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def test_the_slope_of_the_penalised_loss():
    method, data = smooth(GradientPenalty, strength=0.7)
    stepped(method, data)

    def penalised():
        length = sum(value * value for value in gradient(method, data)) ** 0.5
        return method.loss(data) + 0.7 * length

    bias = method.head.bias
    torch.testing.assert_close(bias.grad, differences(penalised, bias, 1e-6), atol=1e-6, rtol=1e-5)
    kernel = method.encoder.convolution.bias
    torch.testing.assert_close(kernel.grad, differences(penalised, kernel, 1e-6), atol=1e-6, rtol=1e-5)


def test_it_is_sam_to_first_order():
    rho = 1e-4
    (method, data), (sharp, _) = smooth(GradientPenalty, strength=rho), smooth(SAM, rho=rho)
    plain = gradient(method, data)
    own, other = (times(1 / rho, plus(stepped(each, data), times(-1, plain))) for each in (method, sharp))
    close(own, other, rtol=1e-2, atol=1e-3)


def test_nothing_to_pay_is_cross_entropy():
    data, method, flat = batch(("full",)), made(GradientPenalty, strength=0.0), made(CrossEntropy)
    close(stepped(method, data), stepped(flat, data), rtol=1e-5, atol=1e-7)
    for one, other in zip(method.buffers(), flat.buffers(), strict=True):
        torch.testing.assert_close(one, other)
