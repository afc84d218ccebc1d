"""The scattering transform by slow direct convolution in float64, by Kymatio's own numbers, and what it is blind to."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.ops.scattering import Scattering

PERIODS = range(-1, 2)


def mirrored(image):
    """An image with borders of about 4 pixels, by index, its sides multiples of 4."""
    places = []
    for side in image.shape:
        missing = (side // 4 + 2) * 4 - side
        before = [abs(place) for place in range(-(missing // 2), side)]
        places.append([p if p < side else 2 * (side - 1) - p for p in [*before, *range(side, side + -(-missing // 2))]])
    return image[np.ix_(*places)]


def periodic(function, height, width):
    """A function of row and column summed over the periods of a torus."""
    y, x = np.mgrid[:height, :width]
    return sum(function(y + a * height, x + b * width) for a in PERIODS for b in PERIODS)


def kernel(scale, place, angles, shape):
    """psi on a torus, by its definition."""
    spread, frequency, slant = 0.8 * 2**scale, 0.75 * math.pi / 2**scale, 4 / angles
    theta = math.pi * (angles // 2 - 1 - place) / angles

    def turned(y, x):
        return y * math.cos(theta) + x * math.sin(theta), x * math.cos(theta) - y * math.sin(theta)

    def envelope(y, x):
        along, across = turned(y, x)
        return np.exp(-(along**2 + (slant * across) ** 2) / (2 * spread**2)) * slant / (2 * math.pi * spread**2)

    def wave(y, x):
        return envelope(y, x) * np.exp(1j * frequency * turned(y, x)[0])

    waves, envelopes = periodic(wave, *shape), periodic(envelope, *shape)
    return waves - waves.sum() / envelopes.sum() * envelopes


def gaussian(scale, shape):
    """phi of width 1.6 on a torus, without the frequencies that maps of the scale do not have, by sums."""

    def side(length):
        taps = [sum(math.exp(-((x + a * length) ** 2) / (2 * 1.6**2)) for a in PERIODS) for x in range(length)]
        count = length // 2**scale
        found = []
        for x in range(count):
            total = 0
            for f in range(-count // 2, count // 2):
                at = sum(tap * np.exp(-2j * np.pi * f * y / length) for y, tap in enumerate(taps))
                total += at * np.exp(2j * np.pi * f * x / count) / count
            found.append(total.real / math.sqrt(2 * math.pi) / 1.6)
        return np.array(found)

    return np.outer(side(shape[0]), side(shape[1]))


def convolved(maps, taps, stride):
    """Round the torus, every stride-th place."""
    shifts = ((y, x) for y in range(taps.shape[0]) for x in range(taps.shape[1]))
    return sum(taps[shift] * np.roll(maps, shift, (0, 1)) for shift in shifts)[::stride, ::stride]


def loop_scattering(image, angles):
    """Kymatio's order of channels for J = 2."""
    whole = mirrored(image)
    psi = [[kernel(j, t, angles, whole.shape) for t in range(angles)] for j in range(2)]
    phi = [gaussian(j, whole.shape) for j in range(2)]
    first = [[abs(convolved(whole, psi[j][t], 2**j)) for t in range(angles)] for j in range(2)]
    maps = [convolved(whole, phi[0], 4)]
    maps += [convolved(u, phi[0], 4) for u in first[0]] + [convolved(u, phi[1], 2) for u in first[1]]
    maps += [convolved(abs(convolved(u, other, 2)), phi[1], 2) for u in first[0] for other in psi[1]]
    return torch.tensor(np.array(maps)[:, 1:-1, 1:-1])


@pytest.mark.parametrize(("shape", "angles"), [((8, 12), 4), ((9, 11), 3)])
def test_scattering_equals_slow_direct_convolution(shape, angles):
    torch.manual_seed(0)
    image = torch.randn(shape)
    found = Scattering(2, angles)(image[None, None])[0]
    assert found.shape == (1 + 2 * angles + angles**2, shape[0] // 4, shape[1] // 4)
    torch.testing.assert_close(found.double(), loop_scattering(image.double().numpy(), angles), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("scales", "angles", "first", "last"),
    [
        (
            2,
            4,
            [0.50398, 0.09153, 0.1157, 0.09063, 0.11608, 0.11567, 0.15973, 0.11395, 0.12735, 0.02594, 0.01457, 0.0124],
            [0.89975, 0.20216, 0.09128, 0.27003, 0.08472, 0.03744, 0.05415, 0.03743, 0.00235, 0.02449, 0.01538, 0.0275],
        ),
        (
            3,
            2,
            [0.63163, 0.18278, 0.2495, 0.16221, 0.17611, 0.10335, 0.094, 0.01775, 0.03971, 0.01573, 0.08429, 0.04635],
            [0.40918, 0.43324, 0.22352, 0.12815, 0.08845, 0.1082, 0.04213, 0.03903, 0.05308, 0.0231, 0.05563, 0.03935],
        ),
    ],
)
def test_scattering_is_kymatios_at_the_corners(scales, angles, first, last):
    """Numbers of Kymatio 0.4 (development)'s Scattering2D, in whose corners all borders meet."""
    y, x = torch.meshgrid(torch.arange(14.0), torch.arange(16.0), indexing="ij")
    found = Scattering(scales, angles)((torch.sin(0.3 * y * x) + 0.1 * y)[None, None])[0]
    for corner, values in ((found[:12, 0, 0], first), (found[:12, -1, -1], last)):
        torch.testing.assert_close(corner, torch.tensor(values), atol=6e-5, rtol=2e-4)


@pytest.mark.parametrize(("scales", "angles", "channels"), [(1, 4, 5), (2, 4, 25), (2, 8, 81), (3, 4, 61)])
def test_scattering_counts_its_channels_and_keeps_a_constant_in_the_first(scales, angles, channels):
    found = Scattering(scales, angles)(torch.full((2, 3, 40, 36), 1.7))
    assert found.shape == (2, 3 * channels, 40 // 2**scales, 36 // 2**scales)
    apart = found.view(2, 3, channels, *found.shape[-2:])
    torch.testing.assert_close(apart[:, :, 0], torch.full_like(apart[:, :, 0], 1.7), atol=0, rtol=1e-4)
    assert float(apart[:, :, 1:].abs().max()) < 1e-5


def test_scattering_moves_with_the_image_and_forgets_small_moves():
    torch.manual_seed(0)
    wide = torch.randn(1, 1, 64, 64)
    wide = nn.functional.avg_pool2d(wide, 3, 1, 1)
    network = Scattering(2, 4)
    found, moved = network(wide[..., :60]), network(wide[..., 4:])
    torch.testing.assert_close(found[..., 4:-3, 5:11], moved[..., 4:-3, 4:10], atol=1e-4, rtol=1e-3)
    near = network(wide[..., 1:61])
    changes = [float((a - b).norm() / a.norm()) for a, b in ((wide[..., :60], wide[..., 1:61]), (found, near))]
    assert changes[1] < changes[0] / 2


def test_scattering_sees_the_direction_of_a_wave():
    rows = torch.cos(0.75 * math.pi * torch.arange(32.0))
    for image, place in ((rows.expand(32, 32), 3), (rows[:, None].expand(32, 32), 1)):
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
