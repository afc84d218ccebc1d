"""Each tensor's gradient without its part along the tensor, by loops; an orthogonal one is left as it is."""

import math

import pytest
import torch

from pipeline.methods.classifier.perp_grad import PerpGrad
from tests.kit.methods import batch, made


@pytest.mark.parametrize("rescale", [False, True])
def test_perp_grad(rescale):
    method = made(PerpGrad, rescale=rescale).to(memory_format=torch.channels_last)
    method.head.bias.data.zero_()
    method.loss(batch(("full",))).backward()
    raw = {name: p.grad.clone() for name, p in method.named_parameters()}
    method.after_backward(0)
    for name, p in method.named_parameters():
        w, g = p.detach().flatten().double().tolist(), raw[name].flatten().double().tolist()
        inner, length = sum(a * b for a, b in zip(w, g, strict=True)), sum(a * a for a in w)
        want = [b - inner / length * a if length else b for a, b in zip(w, g, strict=True)]
        if rescale:
            factor = math.sqrt(sum(b * b for b in g) / sum(v * v for v in want))
            want = [factor * v for v in want]
        torch.testing.assert_close(p.grad.flatten(), torch.tensor(want), rtol=1e-4, atol=1e-6)
        assert abs((p * p.grad).sum().item()) < 1e-4 * (p.norm() * raw[name].norm()).item() + 1e-9
    torch.testing.assert_close(method.head.bias.grad, raw["head.bias"], rtol=1e-5, atol=0)


def test_it_leaves_a_kernel_before_batch_normalisation_alone_and_skips_what_has_no_gradient():
    method = made(PerpGrad)
    method.encoder.norm.bias.requires_grad_(False)
    method.loss(batch(("full",))).backward()
    kernel, head = method.encoder.convolution.weight.grad.clone(), method.head.weight.grad.clone()
    method.after_backward(0)
    torch.testing.assert_close(method.encoder.convolution.weight.grad, kernel, rtol=1e-3, atol=1e-5)
    assert (method.head.weight.grad - head).norm() > 1e-3
    assert method.encoder.norm.bias.grad is None


def test_a_gradient_along_the_weights_is_nothing():
    method = made(PerpGrad)
    method.head.weight.grad = 3 * method.head.weight.detach().clone()
    method.after_backward(0)
    assert method.head.weight.grad.abs().max() < 1e-6
