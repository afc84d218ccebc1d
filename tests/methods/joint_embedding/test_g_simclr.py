"""The denoiser's squared error by hand, then SimCLR on batches without two images of one pseudo-class."""

import pytest
import torch

from pipeline.methods.joint_embedding.g_simclr import GSimCLR
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.methods import CONTEXT, SIZE, batch, begun, made


def test_first_it_learns_to_remove_noise():
    method = begun(made(GSimCLR, batch_norm=False, noise=0.5))
    assert method.views == ("plain",)
    data = batch(method.views)
    (x,) = data.views
    method.decoder.eval()
    torch.manual_seed(4)
    found = method.loss(data)
    torch.manual_seed(4)
    made_up = method.decoder(method.denoiser(x + 0.5 * torch.randn(x.shape))).detach().double()
    assert found.item() == pytest.approx(((made_up - x.double()) ** 2).sum().item() / x.numel(), rel=1e-5)
    found.backward()
    assert method.encoder.convolution.weight.grad is None
    assert float(method.denoiser.convolution.weight.grad.abs().sum()) > 0


def test_then_it_is_simclr_on_batches_of_different_pseudo_classes():
    torch.manual_seed(1)
    method, plain = begun(made(GSimCLR), 1), made(SimCLR)
    assert method.views == ("full", "full")
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)
    assert len(set(method.classes.tolist())) == SIZE, "as many as a batch has places"
    torch.manual_seed(0)
    order = torch.randperm(CONTEXT.train_examples)
    alone = sum(len(set(method.classes[part].tolist())) for part in method.arrange(order).split(SIZE))
    at_random = sum(len(set(method.classes[part].tolist())) for part in order.split(SIZE))
    assert alone > at_random
    method.phase = 0
    assert torch.equal(method.arrange(order), order)
