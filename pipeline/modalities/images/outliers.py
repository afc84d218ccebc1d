"""Outliers for out-of-distribution studies: noise, spoilt known images, or another data set's test images.

A function of this module with the arguments (known, count, generator) is a kind of outlier under its own name.
"""

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import modalities
from pipeline.errors import UserError, unknown

if TYPE_CHECKING:
    from torch import Generator, Tensor


@functools.cache
def known_outliers() -> list[str]:
    """The kinds made here, sorted; the keys of data sets come on top. Imports no torch."""
    body = ast.parse(Path(__file__).read_text(encoding="utf-8")).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return sorted(f.name for f in functions if [arg.arg for arg in f.args.args] == ["known", "count", "generator"])


def outliers(
    name: str,
    known_images: "Tensor",
    count: int,
    generator: "Generator",
    load: Callable[[str], modalities.Prepared],
) -> "Tensor":
    """(count, C, H, W) uint8 outliers, in the shape of `known_images` (N, C, H, W) uint8 and on the CPU.

    A data set's test images are drawn without replacement, so that there are fewer than `count` where it has fewer.
    Raises UserError for an unknown name, with the nearest known one.
    """
    if name in known_outliers():
        return globals()[name](known_images, count, generator)
    if name in modalities.known():
        return _images_of(load(name).test_inputs, known_images, count, generator)
    raise unknown("outliers", name, [*known_outliers(), *modalities.known()])


def uniform(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Every pixel and channel independent and uniform (Liang et al. 2018, ODIN)."""
    import torch

    draws = torch.randint(0, 256, (count, *known.shape[1:]), generator=generator, device=generator.device)
    return draws.to("cpu", torch.uint8)


def gaussian(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Every pixel and channel independent from N(0.5, 1), clipped to [0, 1] (Liang et al. 2018, ODIN).

    Other papers draw with other deviations (Hendrycks et al. 2019 use 0.5); this is the definition of the older one.
    """
    return _bytes(0.5 + _normal(known, count, generator))


def mean(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """The arithmetic mean of two different known images (Hendrycks et al. 2019, validation outliers)."""
    import torch

    if len(known) < 2:
        raise UserError(f"outliers 'mean' need two known images, found {len(known)}")
    first = _choose(known, count, generator)
    step = torch.randint(1, len(known), (count,), generator=generator, device=generator.device).cpu()
    second = (first + step) % len(known)
    return _bytes((known[first].cpu().float() + known[second].cpu().float()) / 510)


def jigsaw(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Known images whose 16 equal patches are permuted, anew for each image (Hendrycks et al. 2019).

    The grid is 4x4 where that divides height and width, else 3x3 or 2x2.
    """
    import torch

    height, width = known.shape[-2:]
    grid = next((g for g in (4, 3, 2) if not height % g and not width % g), None)
    if grid is None:
        raise UserError(f"outliers 'jigsaw' need sides divisible by 4, 3 or 2, found {height}x{width}")
    images = known[_choose(known, count, generator)].cpu()
    draws = torch.rand(count, grid * grid, generator=generator, device=generator.device).cpu()
    patches = images.unflatten(3, (grid, -1)).unflatten(2, (grid, -1))  # (N, C, rows, h, columns, w)
    patches = patches.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    patches = patches[torch.arange(count)[:, None], draws.argsort(1)]
    return patches.unflatten(1, (grid, grid)).permute(0, 3, 1, 4, 2, 5).reshape(images.shape)


def inverted(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Known images with every channel inverted (Hendrycks et al. 2019 invert some or all; we invert all)."""
    return 255 - known[_choose(known, count, generator)].cpu()


def speckle(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Known images under multiplicative noise, x + x e with e ~ N(0, 1), clipped (Hendrycks et al. 2019).

    The paper does not state the strength; a deviation of 1 is what its published code uses.
    """
    images = known[_choose(known, count, generator)].cpu().float() / 255
    return _bytes(images * (1 + _normal(known, count, generator)))


def textures(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Made-up textures in place of photographed ones, four families in turn, with random contrast, at least 0.2.

    Sine gratings, stripes (square waves), checkerboards (products of two square waves at right angles) and blobs
    (blurred noise), each of random orientation, phase and period of 3 to 10 pixels; blobs 1 to 2.5 pixels wide.
    """
    import math

    import torch

    channels, height, width = known.shape[1:]
    draws = torch.rand(count, 3 + 2 * channels, generator=generator, device=generator.device).cpu()
    angle, phase, scale, dark, bright = draws[..., None, None].split([1, 1, 1, channels, channels], 1)
    y, x = torch.meshgrid(torch.arange(height) - height / 2, torch.arange(width) - width / 2, indexing="ij")
    along, across = (
        (y * (math.pi * angle).sin() + x * (math.pi * angle).cos()),
        (y * (math.pi * angle).cos() - x * (math.pi * angle).sin()),
    )
    period = 2 * math.pi / (3 + 7 * scale)
    wave, other = (along * period + 2 * math.pi * phase).sin(), (across * period).sin()
    blobs = _blurred(_normal(known, count, generator)[:, :1], 1 + 1.5 * scale[:, 0, 0, 0])
    families = torch.stack([wave, wave.sign(), wave.sign() * other.sign(), blobs.clamp(-2, 2) / 2])
    pattern = (families[torch.arange(count) % 4, torch.arange(count)] + 1) / 2
    low, high = 0.4 * dark, 0.6 + 0.4 * bright
    return _bytes(low + pattern * (high - low))


def permuted(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Known images whose pixels are permuted, anew for each image and all channels alike: their histogram remains."""
    import torch

    images = known[_choose(known, count, generator)].cpu()
    order = torch.rand(count, images[0, 0].numel(), generator=generator, device=generator.device).cpu().argsort(1)
    return images.flatten(2).gather(2, order[:, None].expand(-1, images.shape[1], -1)).view_as(images)


def shuffled_rows(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Known images whose rows of pixels are permuted, anew for each image."""
    import torch

    images = known[_choose(known, count, generator)].cpu()
    order = torch.rand(count, images.shape[2], generator=generator, device=generator.device).cpu().argsort(1)
    return images.gather(2, order[:, None, :, None].expand_as(images))


def collage(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """Four quarters, each in its place, of four known images drawn independently."""
    import torch

    images = torch.stack([known[_choose(known, count, generator)].cpu() for _ in range(4)])
    rows = torch.arange(known.shape[2])[:, None] >= known.shape[2] // 2
    columns = torch.arange(known.shape[3]) >= known.shape[3] // 2
    quarter = (2 * rows.long() + columns.long()).expand(images.shape[1:])
    return images.gather(0, quarter[None]).squeeze(0)


def shifted(images: "Tensor", generator: "Generator") -> "Tensor":
    """Images under a shift of appearance that leaves their classes: additive N(0, 0.15^2) noise of [0, 1], clipped.

    Gaussian noise is the covariate shift of SCONE's main experiments (Bai et al. 2023).
    """
    import torch

    noise = torch.randn(images.shape, generator=generator, device=generator.device).cpu()
    return _bytes(images.cpu().float() / 255 + 0.15 * noise)


def _images_of(images: "Tensor", known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """At most `count` images in the known shape: luma for one channel, repetition for several, bilinear resize."""
    import torch
    from torch.nn.functional import interpolate

    order = torch.randperm(len(images), generator=generator, device=generator.device)[:count].cpu()
    chosen = images[order].float() / 255
    channels, height, width = known.shape[1:]
    if chosen.shape[1] == 3 and channels == 1:
        chosen = (chosen * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    if chosen.shape[1] == 1 and channels > 1:
        chosen = chosen.expand(-1, channels, -1, -1)
    if chosen.shape[1] != channels:
        raise UserError(f"outliers with {chosen.shape[1]} channels cannot be brought to {channels}")
    if chosen.shape[-2:] != (height, width):
        chosen = interpolate(chosen, (height, width), mode="bilinear", antialias=True)
    return _bytes(chosen)


def _choose(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    """(count,) places of known images: all different where there are enough of them."""
    import torch

    rounds = -(-count // len(known))
    draws = [torch.randperm(len(known), generator=generator, device=generator.device) for _ in range(rounds)]
    return torch.cat(draws)[:count].cpu()


def _blurred(noise: "Tensor", width: "Tensor") -> "Tensor":
    """Noise (N, 1, H, W) convolved with a Gaussian of `width` (N,) pixels, brought to mean 0 and variance 1."""
    import torch

    def kernel(size: int) -> "Tensor":
        places = torch.arange(size)
        weights = torch.exp(-0.5 * ((places[:, None] - places) / width[:, None, None]) ** 2)
        return weights / weights.sum(2, keepdim=True)

    smooth = kernel(noise.shape[2]) @ noise[:, 0] @ kernel(noise.shape[3]).mT
    smooth = smooth - smooth.mean((1, 2), keepdim=True)
    return (smooth / smooth.std((1, 2), keepdim=True).clamp_min(1e-6))[:, None]


def _normal(known: "Tensor", count: int, generator: "Generator") -> "Tensor":
    import torch

    return torch.randn(count, *known.shape[1:], generator=generator, device=generator.device).cpu()


def _bytes(values: "Tensor") -> "Tensor":
    """[0, 1] to uint8, rounded."""
    import torch

    return values.clamp(0, 1).mul(255).round().to(torch.uint8)
