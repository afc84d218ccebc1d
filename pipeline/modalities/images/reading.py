"""Image files as a viewer shows them: RGB in sRGB, upright, 8 bits a channel, on white where they are transparent.

What a number in a file means is decided by its format, and read by it or refused:

- 16-bit grey is scaled from its whole range, not cut at 255;
- what a camera says of how it was held (EXIF) turns the image;
- colours of an embedded profile (ICC), of CMYK and other spaces are brought to sRGB, as is a PNG's gamma;
- grey that is given in 32-bit numbers, whose range no format states, and files of several pictures are refused.
"""

import functools
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP")
"""Pillow's names of what is read. None of them runs a program."""
PREVIEWS = "MPO"
"""Pillow's name of a JPEG to which a camera has added smaller pictures of the same."""
WIDE = ("I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's names of grey in 16 bits; in a PPM it is "I"."""
MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
"""Space of a colour profile -> Pillow's name of images in it."""
GAMMA = 1 / 2.2
"""sRGB's, as PNG states it."""


def pixels(path: str | Path, content: bytes, side: int) -> "np.ndarray":
    """(side, side, 3) uint8 of an image file's content, without regard to its aspect ratio (bilinear, antialiased).

    Raises UserError, with `path`, for what is no image, is cut short, or cannot be read for what it is.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if (count := getattr(image, "n_frames", 1)) > 1 and image.format != PREVIEWS:
                    raise ValueError(f"it has {count} pictures; keep one")
                upright = ImageOps.exif_transpose(image)
                opaque = _on_white(_eight_bits(upright, image.format == "PPM"))
            return np.asarray(_in_srgb(opaque.resize((side, side), Image.Resampling.BILINEAR), image.info))
    except UnidentifiedImageError:
        known = ", ".join(FORMATS)
        raise UserError(f"{path}: not a readable image (it is none of {known}); replace or delete it") from None
    except Exception as error:  # of a broken file, a decoder may raise anything
        what = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: not a readable image ({what}); replace or delete it") from None


def _eight_bits(image: "Image", portable: bool) -> "Image":
    """An image in 8 bits a channel; `portable` says that it is of a PPM."""
    import numpy as np
    from PIL.Image import fromarray

    if image.mode in WIDE or (image.mode == "I" and portable):
        if "transparency" in image.info:
            raise ValueError("a level of its 16-bit grey is transparent; save it without")
        levels = np.asarray(image).astype(np.uint32)
        return fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError("its grey is in 32-bit numbers, whose range is stated nowhere; save it with 8 or 16 bits")
    return image


def _on_white(image: "Image") -> "Image":
    """Without transparency, in grey, RGB or CMYK."""
    from PIL.Image import alpha_composite, new

    if image.has_transparency_data:
        return alpha_composite(new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")
    return image if image.mode in MODES.values() else image.convert("RGB")


def _in_srgb(image: "Image", facts: dict[Any, Any]) -> "Image":
    """In RGB as sRGB has it; `facts` are what the file says beside its pixels."""
    from PIL import ImageCms

    if profile := facts.get("icc_profile"):
        mode, transform = _transform(profile)
        grey = {mode, image.mode} == {"L", "RGB"}  # a profile of grey for a palette of it, or the other way round
        if grey or mode == image.mode:
            converted = ImageCms.applyTransform(image.convert(mode), transform)
            assert converted is not None
            return converted
    gamma = facts.get("gamma")
    image = image.convert("RGB")
    if gamma and "srgb" not in facts and not profile and abs(gamma / GAMMA - 1) > 0.02:
        return image.point([round(255 * (level / 255) ** (GAMMA / gamma)) for level in range(256)] * 3)
    return image


@functools.lru_cache(maxsize=32)
def _transform(profile: bytes) -> tuple[str, Any]:
    """Which images a colour profile is of, by Pillow's name, and what brings them to sRGB."""
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = MODES.get(source.profile.xcolor_space.strip())
    if mode is None:
        raise ValueError(f"its colour profile is of {source.profile.xcolor_space.strip()}, which is not known here")
    return mode, ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
