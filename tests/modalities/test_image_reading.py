"""Image files are read as a viewer shows them, or refused in one line."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.errors import UserError
from pipeline.modalities.images.reading import pixels

SIDE = 8
RAMP = np.linspace(0, 255, SIDE).round().astype(np.uint8)
GREY = np.broadcast_to(RAMP, (SIDE, SIDE)).copy()
"""Black on the left, white on the right."""
COLOURS = np.stack([GREY, GREY.T, 255 - GREY], 2)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def read(content: bytes, side: int = SIDE) -> np.ndarray:
    return pixels("here.png", content, side)


def refused(content: bytes) -> str:
    with pytest.raises(UserError) as error:
        read(content)
    message = str(error.value)
    assert message.startswith("here.png: not a readable image (") and "\n" not in message
    return message


def grey(levels: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(levels, np.uint8)[:, :, None], 3, 2)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(depth: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG of rows that are written out, each after a filter byte of 0."""
    width = len(rows) // SIDE
    filtered = b"".join(b"\0" + rows[start : start + width] for start in range(0, len(rows), width))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(filtered))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + data + chunk(b"IEND", b"")


WIDE = GREY.astype(np.uint16) * 257


@pytest.mark.parametrize(
    "content",
    [
        encoded(Image.fromarray(WIDE), "PNG"),
        encoded(Image.fromarray(WIDE), "TIFF"),
        encoded(Image.fromarray(WIDE), "PPM"),
        png(16, 0, WIDE.astype(">u2").tobytes()),
        b"P5 8 8 4095\n" + (GREY.astype(np.float64) * 4095 / 255).round().astype(">u2").tobytes(),
        b"P2 8 8 1023\n" + " ".join(str(round(v * 1023 / 255)) for v in GREY.ravel().tolist()).encode(),
        encoded(Image.fromarray(GREY), "PNG"),
        encoded(Image.fromarray(GREY).convert("P"), "PNG"),
        encoded(Image.fromarray(GREY), "BMP"),
        encoded(Image.fromarray(GREY), "WEBP", lossless=True),
        png(16, 2, np.repeat(WIDE[:, :, None], 3, 2).astype(">u2").tobytes()),
    ],
)
def test_levels_keep_their_place_between_black_and_white(content):
    assert np.abs(read(content).astype(int) - grey(GREY)).max() <= 1


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_levels_are_spread_over_the_whole_range(depth):
    levels = np.arange(SIDE) * (2**depth - 1) // (SIDE - 1)
    bits = "".join(f"{level:0{depth}b}" for level in levels.tolist())
    row = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))
    wanted = np.broadcast_to(levels * 255 // (2**depth - 1), (SIDE, SIDE))
    assert np.array_equal(read(png(depth, 0, row * SIDE)), grey(wanted))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_colours(mode, kind):
    if (mode, kind) == ("CMYK", "PNG"):
        return
    assert np.array_equal(read(encoded(Image.fromarray(COLOURS).convert(mode), kind)), COLOURS)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_jpegs(mode, options):
    content = encoded(Image.fromarray(COLOURS).convert(mode).resize((64, 64)), "JPEG", quality=95, **options)
    wanted = Image.fromarray(COLOURS).convert(mode).convert("RGB")
    assert np.abs(read(content).astype(int) - np.asarray(wanted)).mean() < 8
    assert "truncated" in refused(content[: len(content) // 2])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("wide", [False, True])
def test_images_are_turned_as_the_camera_says(orientation, kind, wide):
    """EXIF's tag 274: where the stored first row and column lie in what is shown."""
    if wide and kind in ("JPEG", "WEBP"):
        return
    shown = np.add.outer(np.arange(0, 128, 16), np.arange(0, 96, 12)).astype(np.uint8)
    back = {
        **{1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose},
        **{6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).T, 8: lambda a: np.rot90(a, -1)},
    }
    stored = np.ascontiguousarray(back[orientation](shown))
    image = Image.fromarray(stored.astype(np.uint16) * 257 if wide else stored)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    assert np.abs(read(encoded(image, kind, exif=exif, **options)).astype(int) - grey(shown)).max() <= 4


ALPHA = np.zeros((SIDE, SIDE), np.uint8)
ALPHA[:, 4:] = 255


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L", "bytes", "WEBP"])
def test_what_is_transparent_is_white(mode):
    levels = np.full((SIDE, SIDE), 10, np.uint8)
    levels[:, 4:] = 90
    image = Image.fromarray(levels)
    with_alpha = Image.merge("LA", [image, Image.fromarray(ALPHA)])
    contents = {
        "RGBA": lambda: encoded(with_alpha.convert("RGBA"), "PNG"),
        "LA": lambda: encoded(with_alpha, "PNG"),
        "P": lambda: encoded(image.convert("P"), "PNG", transparency=10),
        "RGB": lambda: encoded(image.convert("RGB"), "PNG", transparency=(10, 10, 10)),
        "L": lambda: encoded(image, "PNG", transparency=10),
        "bytes": lambda: encoded(image.convert("P"), "PNG", transparency=bytes([0] * 11 + [255] * 245)),
        "WEBP": lambda: encoded(with_alpha.convert("RGBA"), "WEBP", lossless=True),
    }
    wanted = np.where(ALPHA, 90, 255)
    assert np.array_equal(read(contents[mode]()), grey(wanted))
    half = encoded(Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 128)), "PNG")
    assert np.unique(read(half)).tolist() == [127]


def test_colours_of_a_profile_are_brought_to_srgb():
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(COLOURS)
    assert np.abs(read(encoded(image, "PNG", icc_profile=srgb)).astype(int) - COLOURS).max() <= 1
    assert (
        np.abs(
            read(encoded(image.convert("L"), "PNG", icc_profile=srgb)).astype(int)
            - np.asarray(image.convert("L"))[..., None]
        ).max()
        <= 1
    )
    # red and blue change places in this one
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    found = read(encoded(image, "PNG", icc_profile=swapped)).astype(int)
    assert np.abs(found - COLOURS[:, :, ::-1]).max() <= 3
    assert "cannot open profile" in refused(encoded(image, "PNG", icc_profile=b"none" * 40))
    assert "colour profile is of Lab" in refused(
        encoded(image, "PNG", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes())
    )


def test_a_gamma_is_brought_to_srgbs():
    gamma = lambda value: chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))  # noqa: E731
    rows = GREY.tobytes()
    assert np.array_equal(read(png(8, 0, rows, gamma(0.45455))), grey(GREY))
    assert np.array_equal(read(png(8, 0, rows, gamma(1.0), chunk(b"sRGB", b"\0"))), grey(GREY))
    linear = 255 * (GREY / 255) ** (1 / 2.2)
    assert np.abs(read(png(8, 0, rows, gamma(1.0))).astype(int) - grey(linear.round())).max() <= 1


def apng() -> bytes:
    frames = [Image.new("L", (SIDE, SIDE), level) for level in (0, 200)]
    return encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


def pages() -> bytes:
    return encoded(Image.fromarray(GREY), "TIFF", save_all=True, append_images=[Image.fromarray(GREY)])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is none of JPEG, PNG, PPM, BMP, TIFF, WEBP)"),
        (b"no image", "it is none of JPEG, PNG, PPM, BMP, TIFF, WEBP)"),
        (apng(), "it has 2 pictures; keep one"),
        (pages(), "it has 2 pictures; keep one"),
        (encoded(Image.fromarray(GREY), "GIF"), "it is none of JPEG, PNG, PPM, BMP, TIFF, WEBP)"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is none of JPEG, PNG, PPM, BMP, TIFF, WEBP)"),
        (encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "32-bit numbers"),
        (encoded(Image.fromarray(GREY.astype(np.int32)), "TIFF"), "32-bit numbers"),
        (b"Pf 2 1 -1.0\n" + np.array([1.0, 0.5], np.float32).tobytes(), "32-bit numbers"),
        (encoded(Image.fromarray(GREY), "PNG")[:-30], ""),
        (encoded(Image.fromarray(COLOURS), "BMP")[:-40], "truncated"),
        (encoded(Image.fromarray(COLOURS), "TIFF")[:-40], ""),
        (encoded(Image.fromarray(COLOURS), "WEBP")[:-20], ""),
        (encoded(Image.fromarray(COLOURS), "PPM")[:-20], ""),
        (png(16, 0, WIDE.astype(">u2").tobytes(), chunk(b"tRNS", struct.pack(">H", 0))), "is transparent"),
        (b"P5 40000 20000 255\n", "decompression bomb"),
    ],
)
def test_what_cannot_be_read_for_what_it_is_is_one_line(content, told):
    assert told in refused(content)


def test_cameras_previews_do_not_count():
    frames = [Image.fromarray(COLOURS).resize((64, 64)), Image.new("RGB", (64, 64))]
    content = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(read(content).astype(int) - COLOURS).mean() < 8


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (301, 2)])
def test_images_of_any_shape_become_square(size):
    content = encoded(Image.new("RGB", size, (3, 150, 250)), "PNG")
    assert np.array_equal(read(content), np.broadcast_to(np.array([3, 150, 250], np.uint8), (SIDE, SIDE, 3)))
