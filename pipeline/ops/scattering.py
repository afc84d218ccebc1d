"""The scattering transform of images: wavelets and moduli, twice, averaged; nothing in it is learned."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Scattering(nn.Module):
    """Coefficients (B, C (1 + L J + L^2 J (J - 1) / 2), H / 2^J, W / 2^J), rounded up, of images (B, C, H, W).

    x * phi, |x * psi_(j,t)| * phi and ||x * psi_(j,t)| * psi_(k,u)| * phi for scales j < k < J and L angles t, u, each
    image channel apart. Morlet wavelets and Gaussian as in Kymatio: width 0.8 2^j, frequency 3 pi / 4 / 2^j, slant
    4 / L, phi of width 0.8 2^(J-1), maps of scale j kept at every 2^j-th pixel, images mirrored at their borders. The
    filters are cut off at 2.5 widths, where Kymatio's are periodic, and so made that psi still has mean 0 and phi
    sum 1. Sides must be larger than the widest filter's reach, which is 4 pixels for J = 2 and L = 4.
    """

    def __init__(self, scales: int, angles: int) -> None:
        super().__init__()
        self.scales = scales
        self.channels = 1 + angles * scales + angles**2 * scales * (scales - 1) // 2
        for step in range(scales):
            # they follow from the two numbers, so checkpoints need not hold them
            self.register_buffer(f"wavelets{step}", morlets(step, angles), persistent=False)
            self.register_buffer(f"average{step}", gaussian(step), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            whole = images.float().flatten(0, 1)[:, None].contiguous()
            found = [self._averaged(whole, 0)]
            second = []
            for j in range(self.scales):
                first = self._modulus(whole, j)
                found.append(self._averaged(first, j))
                second += [self._averaged(self._modulus(first, k - j), k) for k in range(j + 1, self.scales)]
            parts = [part.flatten(1, -3) for part in found + second]
            # each scale's parts are in the order of their angles, the first wavelet's angle changing slowest
            return torch.cat(parts, 1).view(len(images), -1, *parts[0].shape[-2:])

    def _modulus(self, maps: Tensor, step: int) -> Tensor:
        """(M, L n, h, w) of maps (M, n, H, W) that are `step` scales finer."""
        part = _filtered(maps.flatten(0, 1)[:, None], self.get_buffer(f"wavelets{step}"), 2**step)
        real, imaginary = part.chunk(2, 1)
        return (real.square() + imaginary.square()).sqrt().reshape(len(maps), -1, *part.shape[-2:])

    def _averaged(self, maps: Tensor, scale: int) -> Tensor:
        """(M, n, h, w) of maps (M, n, H, W) of a scale."""
        step = self.scales - scale
        rows, columns = (_average(self.get_buffer(f"average{step - 1}"), side, 2**step) for side in maps.shape[-2:])
        return rows @ (maps @ columns.T)


def _filtered(maps: Tensor, kernels: Tensor, stride: int) -> Tensor:
    reach = kernels.shape[-1] // 2
    return F.conv2d(F.pad(maps, (reach,) * 4, mode="reflect"), kernels, stride=stride)


def _average(taps: Tensor, side: int, stride: int) -> Tensor:
    """(h, side): the matrix that averages along one side, mirrored at its ends, and keeps every `stride`-th place."""
    reach = taps.shape[-1] // 2
    pixels = torch.eye(side, dtype=taps.dtype, device=taps.device)[:, None]
    return F.conv1d(F.pad(pixels, (reach, reach), mode="reflect"), taps, stride=stride)[:, 0].T


def morlets(scale: int, angles: int) -> Tensor:
    """(2 L, 1, k, k): real parts, then imaginary parts, of psi at the angles pi t / L, as kernels for conv2d.

    psi(u) = g(u) (exp(i xi.u) - beta), g a Gaussian that is L / 4 times as wide across the wave's direction, in which
    it has standard deviation 0.8 2^scale; beta such that psi sums to 0.
    """
    width, frequency, slant = 0.8 * 2**scale, 0.75 * math.pi / 2**scale, 4 / angles
    places = _places(width / min(1.0, slant))
    rows, columns = torch.meshgrid(places, places, indexing="ij")
    real, imaginary = [], []
    for place in range(angles):
        theta = math.pi * place / angles
        along = math.cos(theta) * columns + math.sin(theta) * rows
        across = math.cos(theta) * rows - math.sin(theta) * columns
        envelope = torch.exp(-(along**2 + (slant * across) ** 2) / (2 * width**2)) * slant / (2 * math.pi * width**2)
        # conv2d correlates, which turns psi about its centre: for this psi, its complex conjugate, of equal modulus
        wave = torch.cos(frequency * along)
        real.append(envelope * (wave - (envelope * wave).sum() / envelope.sum()))
        imaginary.append(envelope * torch.sin(frequency * along))
    return torch.stack(real + imaginary)[:, None].float()


def gaussian(scale: int) -> Tensor:
    """(1, 1, k): phi of standard deviation 0.8 2^scale along one side, summing to 1."""
    width = 0.8 * 2**scale
    taps = torch.exp(-(_places(width) ** 2) / (2 * width**2))
    return (taps / taps.sum())[None, None].float()


def _places(width: float) -> Tensor:
    reach = math.ceil(2.5 * width)
    return torch.arange(-reach, reach + 1, dtype=torch.float64)
