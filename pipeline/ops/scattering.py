"""The scattering transform of images: wavelets and moduli, twice, averaged; nothing in it is learned."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Scattering(nn.Module):
    """Coefficients (B, C (1 + L J + L^2 J (J - 1) / 2), H / 2^J, W / 2^J), rounded down, of images (B, C, H, W).

    x * phi, |x * psi_(j,t)| * phi and ||x * psi_(j,t)| * psi_(k,u)| * phi for scales j < k < J and L angles t, u, each
    image channel apart: Kymatio's `Scattering2D`, on which the authors of ScatSimCLR build, order of channels included.
    Morlet wavelets of width 0.8 2^j, frequency 3 pi / 4 / 2^j and slant 4 / L, a Gaussian phi of width 0.8 2^(J-1), and
    maps of scale j kept at every 2^j-th pixel. As there, an image is mirrored at its borders once, by 2^J pixels or
    a little less, and is periodic beyond them; filters of reduced maps are their spectra without the high frequencies;
    and the outermost coefficients, which lie on what was mirrored, are dropped. Sides must be longer than 2^J pixels.
    """

    def __init__(self, scales: int, angles: int) -> None:
        super().__init__()
        self.scales, self.angles = scales, angles
        self.channels = 1 + angles * scales + angles**2 * scales * (scales - 1) // 2

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            whole = self._mirrored(images.float().flatten(0, 1)[:, None])
            sides = whole.shape[-2], whole.shape[-1]
            zeroth, order = self._averaged(whole, 0, sides), range(self.scales)
            first = [self._modulus(whole, 0, j, sides) for j in order]
            second = [[self._modulus(first[j], j, k, sides) for k in range(j + 1, self.scales)] for j in order]
            found = [zeroth, *(self._averaged(maps, j, sides) for j, maps in enumerate(first))]
            for j, each in enumerate(second[:-1], 1):
                # (M, L, ., h, w): of each of the first wavelets the second ones, scale by scale
                parts = [
                    self._averaged(maps, k, sides).unflatten(1, (self.angles, -1)) for k, maps in enumerate(each, j)
                ]
                found.append(torch.cat(parts, 2).flatten(1, 2))
            return torch.cat(found, 1).view(len(images), -1, *zeroth.shape[-2:])

    def _mirrored(self, images: Tensor) -> Tensor:
        """Images (M, 1, H, W) with borders, so that their sides are multiples of 2^J."""
        step = 2**self.scales
        missing = [(side // step + 2) * step - side for side in images.shape[-2:]]
        (top, bottom), (left, right) = ((count // 2, count - count // 2) for count in missing)
        return F.pad(images, (left, right, top, bottom), mode="reflect")

    def _modulus(self, maps: Tensor, finer: int, scale: int, sides: tuple[int, int]) -> Tensor:
        """(M, n L, h, w) of maps (M, n, h', w') of scale `finer`; sides are those of the mirrored image."""
        wavelets = morlets(*sides, scale, self.angles, finer).to(maps.device)
        filtered = torch.fft.fft2(maps)[:, :, None] * wavelets
        step = 2 ** (scale - finer)
        return torch.fft.ifft2(_folded(_folded(filtered, -2, step), -1, step)).abs().flatten(1, 2)

    def _averaged(self, maps: Tensor, scale: int, sides: tuple[int, int]) -> Tensor:
        """(M, n, h, w) of maps (M, n, h', w') of a scale."""
        rows, columns = (averages(side, self.scales, scale).to(maps.device) for side in sides)
        return rows @ (maps @ columns.T)


@functools.lru_cache(maxsize=64)
def morlets(height: int, width: int, scale: int, angles: int, finer: int) -> Tensor:
    """(L, h, w): the spectra, which are real, of psi on a periodic image, for maps of scale `finer` of it.

    psi(u) = g(u) (exp(i xi.u) - beta), g a Gaussian that is L / 4 times as wide across the wave's direction, in which
    it has standard deviation 0.8 2^scale; beta such that psi sums to 0.
    """
    spread, frequency, slant = 0.8 * 2**scale, 0.75 * math.pi / 2**scale, 4 / angles
    rows, columns = torch.meshgrid(_places(height), _places(width), indexing="ij")
    spectra = []
    for place in range(angles):
        theta = math.pi * (angles // 2 - 1 - place) / angles
        along = math.cos(theta) * rows + math.sin(theta) * columns
        across = math.cos(theta) * columns - math.sin(theta) * rows
        envelope = torch.exp(-(along**2 + (slant * across) ** 2) / (2 * spread**2)) * slant / (2 * math.pi * spread**2)
        wave = torch.polar(envelope, frequency * along)
        psi = _periodic(_periodic(wave - wave.sum() / envelope.sum() * envelope, 0, height), 1, width)
        spectra.append(_lowest(_lowest(torch.fft.fft2(psi).real, 0, finer), 1, finer))
    return torch.stack(spectra).float()


@functools.lru_cache(maxsize=64)
def averages(side: int, scales: int, scale: int) -> Tensor:
    """(h, h'): the matrix that convolves one side, of maps of a scale, with phi and keeps the coefficients within.

    side: that of the mirrored image; h' is side / 2^scale, h two less than side / 2^scales.
    """
    spread = 0.8 * 2 ** (scales - 1)
    taps = torch.exp(-(_places(side) ** 2) / (2 * spread**2)) / (math.sqrt(2 * math.pi) * spread)
    phi = torch.fft.ifft(_lowest(torch.fft.fft(_periodic(taps, 0, side)).real, 0, scale)).real
    kept = torch.arange(1, side // 2**scales - 1) * 2 ** (scales - scale)
    return phi[(kept[:, None] - torch.arange(len(phi))) % len(phi)].float()


def _places(side: int) -> Tensor:
    """The places, float64, of two periods before and after the one that begins at 0, and of that one."""
    return torch.arange(-2 * side, 3 * side, dtype=torch.float64)


def _periodic(values: Tensor, axis: int, side: int) -> Tensor:
    """The sum over the periods of length `side` along an axis."""
    return values.unflatten(axis, (-1, side)).sum(axis)


def _folded(spectrum: Tensor, axis: int, step: int) -> Tensor:
    """The spectrum of what keeps every step-th place along an axis."""
    if step == 1:
        return spectrum
    # a sum of slices, many times faster here than a mean over an inner axis
    first, *others = spectrum.unflatten(axis, (step, -1)).unbind(axis - 1)
    for part in others:
        first = first + part
    return first / step


def _lowest(spectrum: Tensor, axis: int, scale: int) -> Tensor:
    """The lowest frequencies of a spectrum along an axis, one in 2^scale of them."""
    half = spectrum.shape[axis] // 2 ** (scale + 1)
    first, last = spectrum.narrow(axis, 0, half), spectrum.narrow(axis, spectrum.shape[axis] - half, half)
    return torch.cat([first, last], axis) if scale else spectrum
