"""Random transforms of whole batches, drawn per sample, on the device where the images are."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pipeline.errors import UserError, unknown
from pipeline.modalities.images import Augmentation, Transforms

DRAWS = (
    *("shift_y", "shift_x", "area", "ratio", "top", "left", "flip", "jitter", "brightness", "contrast"),
    *("saturation", "hue", "greyscale", "blur", "sigma", "solarize"),
)
"""One uniform number per sample each, whether or not the policy uses it: what one transform draws never depends on
which others are on, on the images, or on the batch's other samples."""

LUMA = (0.2989, 0.587, 0.114)
"""torchvision's weights of red, green and blue."""

CHUNK = 200_000
"""Numbers worked on at once on a CPU, so that intermediate results stay in its cache."""


class Augment:
    """The transforms of `policy` in the order it lists them, then normalisation.

    Shift, crop, resize and flip are one bilinear sampling by two batched matrix products, rows @ image @ columns^T.
    Areas and ratios are drawn as by torchvision's RandomResizedCrop, whose crops that do not fit are drawn again up
    to ten times; here their sides are clamped to the image instead, so that every sample costs the same draws.
    There is no antialiasing: the crops are about as large as the views or smaller. Brightness, contrast, saturation
    and hue follow torchvision's definitions but always come in this order. On images of one channel saturation, hue
    and greyscale do nothing.

    Args:
        policy: which transforms, and how strong.
        shape: (C, H, W) of the images; C is 1 or 3 where colours are changed.
        mean, std: per channel, of images in [0, 1].
    """

    def __init__(
        self, policy: Augmentation, shape: tuple[int, ...], mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        self.policy = policy
        self.shape = tuple(shape)
        self.mean = torch.tensor(mean, dtype=torch.float32)[:, None, None]
        self.std = torch.tensor(std, dtype=torch.float32)[:, None, None]
        small = None if policy.small_size is None else (policy.small_size, policy.small_size)
        full = view_size(policy, shape)
        strong = full if policy.strong else None
        self.sizes = {"full": full, "small": small, "strong": strong, "plain": self.shape[1:]}
        """(h, w) of each kind's views; None for small and strong views where the policy has none."""
        self.policies: dict[str, Transforms] = {"full": policy, "small": policy, "strong": policy.strong or policy}
        self.crops = {kind: of.crop_scale for kind, of in self.policies.items()} | {"small": policy.small_scale}

    @torch.no_grad()
    def __call__(self, images: Tensor, kind: str, generator: torch.Generator | None = None) -> Tensor:
        """Views (B, C, h, w) float32, normalised, in channels_last memory, of images (B, C, H, W) uint8.

        kind: "full", "small" (the policy's small_scale and small_size), "strong" (the policy's `strong`, then cutout)
        or "plain" (normalised only, no draws). The generator may be on another device than the images. Raises
        UserError for an unknown kind, and for small or strong views where the policy has none.
        """
        return self.view(images, kind, generator)[0]

    @torch.no_grad()
    def view(self, images: Tensor, kind: str, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Views as by `__call__`, and the boxes (B, 5) that they were cut from.

        A box is top, left, height and width in pixels of the image, and 1 where the view is mirrored, else 0.
        """
        return self.made(images, kind, self.draws(kind, len(images), generator))

    def draws(self, kind: str, count: int, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        """What is drawn for `count` views of a kind: tensors with a row for each, so that draws can be joined."""
        if kind not in self.sizes:
            raise unknown("kind of view", kind, self.sizes)
        if kind == "plain":
            return ()
        assert generator is not None
        drawn = self.draw(count, generator)
        if kind != "strong":
            return (drawn,)
        return drawn, torch.rand(count, 2, generator=generator, device=generator.device)

    @torch.no_grad()
    def made(self, images: Tensor, kind: str, draws: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """`view` by given draws, those of `draws`."""
        found, *centres = (drawn.to(images.device) for drawn in draws) if draws else (None,)
        boxes = self.boxes(kind, found, len(images)).to(images.device)
        views = self._apply(images, kind, found, boxes)
        for each in centres:
            assert self.policy.strong is not None
            views = cut_out(views, each, self.policy.strong.cutout)
        return views, boxes

    @staticmethod
    def draw(count: int, generator: torch.Generator) -> Tensor:
        """(count, len(DRAWS)) uniform numbers in [0, 1)."""
        return torch.rand(count, len(DRAWS), generator=generator, device=generator.device)

    @torch.no_grad()
    def apply(self, images: Tensor, kind: str, draws: Tensor | None) -> Tensor:
        """`__call__` with given draws (B, len(DRAWS)) and without cutout; None transforms nothing."""
        return self._apply(images, kind, draws, self.boxes(kind, draws, len(images)))

    def _apply(self, images: Tensor, kind: str, draws: Tensor | None, box: Tensor) -> Tensor:
        size = self.sizes[kind]
        if size is None:
            key = {"small": "small_size"}.get(kind, kind)
            raise UserError(f"augmentation.{key} is null, but the method asks for {kind} views; set it in the study")
        self.mean, self.std = self.mean.to(images.device), self.std.to(images.device)
        out = torch.empty((len(images), self.shape[0], *size), device=images.device, memory_format=torch.channels_last)
        step = max(1, CHUNK // math.prod(self.shape) if images.device.type == "cpu" else len(images))
        with torch.autocast(images.device.type, enabled=False):
            for start in range(0, len(images), step):
                part = slice(start, start + step)
                x = images[part].float().div_(255)
                if draws is not None:
                    x = self._transform(x, kind, box[part], dict(zip(DRAWS, draws[part].T.contiguous(), strict=True)))
                torch.sub(x, self.mean, out=out[part]).div_(self.std)
        return out

    def _transform(self, x: Tensor, kind: str, box: Tensor, u: dict[str, Tensor]) -> Tensor:
        p, colour = self.policies[kind], self.shape[0] == 3
        if p.shift or self.crops[kind] or p.flip or x.shape[-2:] != self.sizes[kind]:
            x = separable(x, *self._geometry(kind, box))
        if p.jitter:
            x = self._jitter(x, p, u)
        if p.greyscale and colour:
            x = _chosen(x, u["greyscale"] < p.greyscale, lambda y, _: grey(y).expand_as(y))
        if p.blur:
            low, high = p.blur_sigma
            sigma = low + (high - low) * u["sigma"]
            x = _chosen(x, u["blur"] < p.blur, lambda y, rows: gaussian_blur(y, sigma[rows]))
        if p.solarize:
            x = _chosen(x, u["solarize"] < p.solarize, lambda y, _: torch.where(y >= 0.5, 1 - y, y))
        return x

    def boxes(self, kind: str, draws: Tensor | None, count: int) -> Tensor:
        """(count, 5) boxes that draws (count, len(DRAWS)) cut; without draws, the whole image."""
        height, width = self.shape[1:]
        if draws is None:
            return torch.tensor([[0.0, 0.0, height, width, 0.0]]).repeat(count, 1)
        p = self.policies[kind]
        u = dict(zip(DRAWS, draws.T.contiguous(), strict=True))
        shift_y, shift_x = (_whole(u[name], 2 * p.shift + 1) - p.shift for name in ("shift_y", "shift_x"))
        top, left, tall, wide = (torch.zeros_like(u["area"]) for _ in range(4))
        tall, wide = tall + height, wide + width
        if scale := self.crops[kind]:
            area = (scale[0] + (scale[1] - scale[0]) * u["area"]) * (height * width)
            low, high = (math.log(ratio) for ratio in p.crop_ratio)
            ratio = torch.exp(low + (high - low) * u["ratio"])
            tall = (area / ratio).sqrt_().round_().clamp_(1, height)
            wide = (area * ratio).sqrt_().round_().clamp_(1, width)
            top, left = _whole(u["top"], height - tall + 1), _whole(u["left"], width - wide + 1)
        return torch.stack([top - shift_y, left - shift_x, tall, wide, (u["flip"] < p.flip).float()], 1)

    def _geometry(self, kind: str, box: Tensor) -> tuple[Tensor, Tensor]:
        """Interpolation matrices (B, h, H) and (B, w, W) that sample the boxes (B, 5)."""
        size = self.sizes[kind]
        assert size is not None
        top, left, tall, wide, mirrored = box.unbind(1)
        columns = positions(size[1], wide)
        columns = torch.where(mirrored[:, None] > 0, columns.flip(1), columns)
        return (
            hats(positions(size[0], tall) + top[:, None], self.shape[1]),
            hats(columns + left[:, None], self.shape[2]),
        )

    def _jitter(self, x: Tensor, p: Transforms, u: dict[str, Tensor]) -> Tensor:
        colour = self.shape[0] == 3
        chosen = u["jitter"] < p.jitter

        def factor(name: str, strength: float) -> Tensor:
            """(B, 1, 1, 1), uniform around 1; exactly 1, which changes nothing, for samples not chosen."""
            low = max(0.0, 1 - strength)
            return torch.where(chosen, low + (1 + strength - low) * u[name], 1.0)[:, None, None, None]

        if p.brightness:
            x = x.mul_(factor("brightness", p.brightness)).clamp_(0, 1)
        if p.contrast:
            f = factor("contrast", p.contrast)
            x = x.mul(f).add_(grey(x).mean((1, 2, 3), keepdim=True).mul_(1 - f)).clamp_(0, 1)
        if p.saturation and colour:
            f = factor("saturation", p.saturation)
            x = x.mul(f).add_(grey(x).mul_(1 - f)).clamp_(0, 1)
        if p.hue and colour:
            turn = (2 * u["hue"] - 1) * p.hue
            x = _chosen(x, chosen, lambda y, rows: turn_hue(y, turn[rows]))
        return x


def view_size(policy: Augmentation, image: tuple[int, ...]) -> tuple[int, ...]:
    """(h, w) of "full" views of images (C, H, W)."""
    return image[1:] if policy.full_size is None else (policy.full_size, policy.full_size)


def _whole(u: Tensor, count: Tensor | int) -> Tensor:
    """Uniform whole numbers 0..count-1 from uniform u in [0, 1)."""
    # u * count may round up to count
    return torch.minimum((u * count).floor_(), torch.as_tensor(count - 1, dtype=u.dtype, device=u.device))


def _chosen(x: Tensor, mask: Tensor, transform: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """x with the masked samples replaced by transform(samples, their places)."""
    rows = mask.nonzero().squeeze(1)
    if len(rows):
        x[rows] = transform(x[rows], rows)
    return x


def cut_out(x: Tensor, centres: Tensor, share: float) -> Tensor:
    """Normalised views x (B, C, h, w) with a square of zeros each, the mean grey, whose side is a share of theirs.

    Its centre is the pixel that centres (B, 2), uniform in [0, 1), choose; what lies outside the view is not filled.
    """
    inside = []
    for side, u in zip(x.shape[-2:], centres.T, strict=True):
        length = round(share * side)
        first = _whole(u, side)[:, None] - length // 2
        pixels = torch.arange(side, device=x.device)
        inside.append((pixels >= first) & (pixels < first + length))
    rows, columns = inside
    return x.masked_fill(rows[:, None, :, None] & columns[:, None, None, :], 0.0)


def positions(size: int, length: Tensor) -> Tensor:
    """(B, size) places in a stretch of `length` (B,) pixels where its resized version of `size` pixels is sampled.

    Pixel centres are mapped to pixel centres and clamped to the stretch, as `interpolate(align_corners=False)` does.
    """
    centres = torch.arange(size, dtype=length.dtype, device=length.device) + 0.5
    places = (centres * (length / size)[:, None]).sub_(0.5).clamp_(min=0)
    return torch.minimum(places, (length - 1)[:, None])


def hats(places: Tensor, length: int) -> Tensor:
    """(B, n, length) weights of linear interpolation at places (B, n); pixels outside 0..length-1 count as zero."""
    pixels = torch.arange(length, dtype=places.dtype, device=places.device)
    return (places[:, :, None] - pixels).abs_().neg_().add_(1).clamp_(min=0)


def separable(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """rows (B, h, H) @ x (B, C, H, W) @ columns (B, w, W)^T, in two batched products: (B, C, h, w)."""
    batch, channels, height, width = x.shape
    y = torch.bmm(rows, x.permute(0, 2, 1, 3).reshape(batch, height, channels * width))
    y = torch.bmm(y.view(batch, -1, width), columns.mT)
    return y.view(batch, rows.shape[1], channels, -1).permute(0, 2, 1, 3)


def grey(x: Tensor) -> Tensor:
    """(B, 1, H, W) of x (B, C, H, W); torchvision's weights where C is 3."""
    if x.shape[1] == 1:
        return x.clone()
    weights = torch.tensor(LUMA, dtype=x.dtype, device=x.device)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


def turn_hue(x: Tensor, turn: Tensor) -> Tensor:
    """x (B, 3, H, W) in [0, 1] with the hue of sample b turned by turn[b] of a full circle (HSV)."""
    value, place = x.max(1)
    chroma = value - x.amin(1)
    r, g, b = x.unbind(1)
    width = torch.where(chroma == 0, 1.0, chroma)
    sector = torch.where(place == 0, (g - b) / width, torch.where(place == 1, (b - r) / width + 2, (r - g) / width + 4))
    sector = sector + 6 * turn[:, None, None]
    offsets = torch.tensor([5.0, 3.0, 1.0], dtype=x.dtype, device=x.device)[:, None, None]
    k = torch.remainder(sector[:, None] + offsets, 6)
    return value[:, None] - chroma[:, None] * torch.minimum(k, 4 - k).clamp_(0, 1)


def kernel_size(side: int) -> int:
    """Taps of the blur along a side of so many pixels: about a tenth, odd, at least 3 (23 at 224, as in SimCLR)."""
    return max(3, side // 10 // 2 * 2 + 1)


def gaussian_blur(x: Tensor, sigma: Tensor) -> Tensor:
    """x (B, C, H, W) blurred with sigma (B,) in pixels, the image mirrored at its border pixels."""
    return separable(x, _blur(x.shape[2], sigma), _blur(x.shape[3], sigma))


def _blur(side: int, sigma: Tensor) -> Tensor:
    """(B, side, side) matrices that blur along one side."""
    half = kernel_size(side) // 2
    taps = torch.arange(-half, half + 1, device=sigma.device)
    weights = torch.exp(-0.5 * (taps / sigma[:, None]) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    source = (torch.arange(side, device=sigma.device)[:, None] + taps).abs()
    source = side - 1 - (side - 1 - source).abs()
    matrix = torch.zeros(len(sigma), side, side, dtype=sigma.dtype, device=sigma.device)
    shape = (len(sigma), side, len(taps))
    return matrix.scatter_add_(2, source.expand(shape), weights[:, None].expand(shape))
