"""The generator's bound by torch's divergence of Gaussians, the pool's proportions, and SimCLR on what is drawn."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from pipeline.methods.joint_embedding.adainf import AdaInf
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.methods import CONTEXT, SIZE, Training, batch, begun, made

N = CONTEXT.train_examples


def test_the_generator_minimises_the_bound_with_the_best_variance():
    method = begun(made(AdaInf, batch_norm=False, latent_dim=4))
    assert method.views == ("plain",)
    data = batch(method.views)
    (x,) = data.views
    method.decoder.eval()
    torch.manual_seed(4)
    found = method.loss(data)
    torch.manual_seed(4)
    with torch.no_grad():
        codes = method.vae(x).double()
        mean, deviation = codes[:, :4], (codes[:, 4:] / 2).exp()
        decoded = method.decoder((mean + deviation * torch.randn(SIZE, 4)).float()).double()
    prior = Normal(torch.zeros(4).double(), torch.ones(4).double())
    divergence = float(kl_divergence(Normal(mean, deviation), prior).sum()) / SIZE
    error = float(((decoded - x) ** 2).sum()) / x.numel()
    assert found.item() == pytest.approx((32 * math.log(error) + divergence) / 64, rel=1e-4)
    found.backward()
    assert method.encoder.convolution.weight.grad is None
    assert all(float(p.grad.abs().sum()) > 0 for p in method.vae.parameters())


def test_different_images_are_made_up_once_and_served_beside_the_real_ones():
    method, images = made(AdaInf), Training().inputs
    assert method.generated.shape == (2 * N, 1, 8, 8) and method.generated.dtype == torch.uint8
    begun(method, 1)
    assert len({row.numpy().tobytes() for row in method.generated}) > N
    found = method.fetch(images, torch.tensor([0, N - 1, N, 3 * N - 1, 5]))
    expected = [images[0], images[-1], method.generated[0], method.generated[-1], images[5]]
    assert torch.equal(found, torch.stack(expected))


def test_real_and_generated_images_are_drawn_in_the_proportion_of_the_pool():
    method = begun(made(AdaInf), 1)
    torch.manual_seed(0)
    drawn = [method.arrange(torch.randperm(N)) for _ in range(60)]
    assert all(len(part) == N and part.max() < 3 * N for part in drawn)
    share = float((torch.cat(drawn) < N).float().mean())
    assert share == pytest.approx(3 / 5, abs=0.03)
    for part in drawn:
        assert torch.bincount(part, minlength=3 * N)[N:].max() <= 1, "a generated one is there once"
    method.phase = 0
    assert torch.equal(method.arrange(torch.arange(N)), torch.arange(N))


def test_what_is_drawn_trains_simclr():
    method, plain = begun(made(AdaInf, batch_norm=False), 1), made(SimCLR, batch_norm=False, temperature=0.2)
    assert method.views == ("full", "full")
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)
