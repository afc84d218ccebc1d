"""The scattering transform by slow direct convolution with wavelets from their definition, and what it is blind to."""

import math

import pytest
import torch
from torch import nn

from pipeline.ops.scattering import Scattering


def loop_kernel(scale, place, angles):
    """psi as a dictionary of offsets, by its definition."""
    width, frequency, slant = 0.8 * 2**scale, 0.75 * math.pi / 2**scale, 4 / angles
    theta = math.pi * place / angles
    reach = math.ceil(2.5 * width / min(1, slant))
    envelope, wave = {}, {}
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            along, across = x * math.cos(theta) + y * math.sin(theta), y * math.cos(theta) - x * math.sin(theta)
            height = math.exp(-(along**2 + (slant * across) ** 2) / (2 * width**2))
            envelope[y, x] = height * slant / (2 * math.pi * width**2)
            wave[y, x] = complex(math.cos(frequency * along), math.sin(frequency * along))
    beta = sum(envelope[u] * wave[u] for u in envelope) / sum(envelope.values())
    return {u: envelope[u] * (wave[u] - beta) for u in envelope}


def loop_gaussian(scale):
    width = 0.8 * 2**scale
    reach = math.ceil(2.5 * width)
    taps = {
        (y, x): math.exp(-(y * y + x * x) / (2 * width**2))
        for y in range(-reach, reach + 1)
        for x in range(-reach, reach + 1)
    }
    return {u: value / sum(taps.values()) for u, value in taps.items()}


def loop_convolution(image, kernel, stride):
    height, width = len(image), len(image[0])

    def mirrored(place, length):
        place = abs(place)
        return 2 * (length - 1) - place if place >= length else place

    return [
        [
            sum(tap * image[mirrored(i - y, height)][mirrored(j - x, width)] for (y, x), tap in kernel.items())
            for j in range(0, width, stride)
        ]
        for i in range(0, height, stride)
    ]


def loop_scattering(image, angles):
    """Kymatio's order of channels for J = 2."""

    def modulus(rows):
        return [[abs(value) for value in row] for row in rows]

    first = [
        [modulus(loop_convolution(image, loop_kernel(j, t, angles), 2**j)) for t in range(angles)] for j in range(2)
    ]
    maps = [loop_convolution(image, loop_gaussian(1), 4)]
    maps += [loop_convolution(u, loop_gaussian(1), 4) for u in first[0]]
    maps += [loop_convolution(u, loop_gaussian(0), 2) for u in first[1]]
    for u in first[0]:
        for t in range(angles):
            second = modulus(loop_convolution(u, loop_kernel(1, t, angles), 2))
            maps.append(loop_convolution(second, loop_gaussian(0), 2))
    return torch.tensor(maps, dtype=torch.float64)


def test_scattering_equals_slow_direct_convolution():
    torch.manual_seed(0)
    image = torch.randn(9, 11)
    found = Scattering(2, 3)(image[None, None])
    assert found.shape == (1, Scattering(2, 3).channels, 3, 3) == (1, 1 + 6 + 9, 3, 3)
    torch.testing.assert_close(found[0].double(), loop_scattering(image.double().tolist(), 3), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("scales", "angles", "channels"), [(1, 4, 5), (2, 4, 25), (2, 8, 81), (3, 4, 61)])
def test_scattering_counts_its_channels_and_keeps_a_constant_in_the_first(scales, angles, channels):
    found = Scattering(scales, angles)(torch.full((2, 3, 40, 36), 1.7))
    assert found.shape == (2, 3 * channels, math.ceil(40 / 2**scales), math.ceil(36 / 2**scales))
    apart = found.view(2, 3, channels, *found.shape[-2:])
    torch.testing.assert_close(apart[:, :, 0], torch.full_like(apart[:, :, 0], 1.7))
    assert float(apart[:, :, 1:].abs().max()) < 1e-5


def test_scattering_moves_with_the_image_and_forgets_small_moves():
    torch.manual_seed(0)
    wide = torch.randn(1, 1, 64, 64)
    wide = nn.functional.avg_pool2d(wide, 3, 1, 1)
    network = Scattering(2, 4)
    found, moved = network(wide[..., :60]), network(wide[..., 4:])
    torch.testing.assert_close(found[..., 4:-3, 5:11], moved[..., 4:-3, 4:10])
    near = network(wide[..., 1:61])
    changes = [float((a - b).norm() / a.norm()) for a, b in ((wide[..., :60], wide[..., 1:61]), (found, near))]
    assert changes[1] < changes[0] / 2


def test_scattering_sees_the_direction_of_a_wave():
    rows = torch.cos(0.75 * math.pi * torch.arange(32.0))
    for image, place in ((rows.expand(32, 32), 0), (rows[:, None].expand(32, 32), 2)):
        first = Scattering(2, 4)(image[None, None])[0, 1:5].mean((1, 2))
        assert int(first.argmax()) == place and float(first[place]) > 3 * float(first[(place + 2) % 4])


def test_scattering_does_not_push_images_apart_and_has_no_state_of_its_own():
    torch.manual_seed(0)
    network = Scattering(2, 8)
    assert not network.state_dict() and not list(network.parameters())
    for _ in range(5):
        one, other = torch.randn(2, 1, 1, 32, 32)
        # a coefficient stands for the 16 pixels that it averages
        assert 4 * float((network(one) - network(other)).norm()) < float((one - other).norm())
