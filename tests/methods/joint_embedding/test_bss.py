"""Batches in one style against numpy's whole spectrum, NT-Xent of them, and SimCLR where no frequency is shared."""

import math

import numpy as np
import pytest
import torch

from pipeline.methods.joint_embedding.bss import BSS, standardise
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.methods import SIZE, batch, loop_nt_xent, made


def numpy_standardised(images, style, ratio):
    """The whole spectrum with frequency 0 in the middle, and the block cut out around it."""
    x = images.double().numpy()
    black = x.min((0, 2, 3), keepdims=True)
    spectra = np.fft.fftshift(np.fft.fft2(x - black), axes=(2, 3))
    amplitude, phase = np.abs(spectra), np.angle(spectra)
    height, width = x.shape[-2:]
    for i in range(height):
        for j in range(width):
            away = abs(i - height // 2) / height, abs(j - width // 2) / width
            if max(away) <= math.sqrt(ratio) / 2:
                amplitude[:, :, i, j] = amplitude[style, :, i, j]
    mixed = np.fft.ifft2(np.fft.ifftshift(amplitude * np.exp(1j * phase), axes=(2, 3)))
    return torch.from_numpy(mixed.real + black)


@pytest.mark.parametrize("ratio", [0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(8, 8), (7, 10)])
def test_a_batch_takes_the_style_of_one_image(ratio, shape):
    torch.manual_seed(0)
    images = torch.randn(5, 2, *shape)
    found = standardise(images, 3, ratio)
    torch.testing.assert_close(found.double(), numpy_standardised(images, 3, ratio), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found[3], images[3], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.mean((2, 3)), images[3].mean((1, 2)).expand(5, 2), atol=1e-5, rtol=1e-4)


def test_light_that_scales_or_lifts_an_image_is_no_longer_seen():
    torch.manual_seed(0)
    image = torch.rand(1, 1, 8, 8)
    batch_of_lights = torch.cat([image, 0.4 * image, 0.7 * image, torch.zeros_like(image)])
    found = standardise(batch_of_lights, 0, 1.0)
    torch.testing.assert_close(found[:3], image.expand(3, 1, 8, 8), atol=1e-5, rtol=1e-4)


def test_a_black_batch_stays_finite():
    assert torch.equal(standardise(torch.zeros(3, 1, 8, 8), 1, 0.5), torch.zeros(3, 1, 8, 8))


def test_bss_without_a_share_of_the_spectrum_is_simclr():
    method, plain = made(BSS, ratio_low=0.0, ratio_high=0.0), made(SimCLR)
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)


def test_bss_contrasts_restyled_views_with_a_style_and_a_share_for_each_view():
    method, data = made(BSS, batch_norm=False), batch()
    torch.manual_seed(9)
    found = method.loss(data).item()
    torch.manual_seed(9)
    views = []
    for view in data.views:
        ratio = 0.02 + 0.18 * float(torch.rand(()))
        views.append(numpy_standardised(view, int(torch.randint(SIZE, ())), ratio).float())
    assert found == pytest.approx(loop_nt_xent(*method.embed(views), 0.1), rel=1e-4)
