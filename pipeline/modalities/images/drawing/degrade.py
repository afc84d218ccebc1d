"""Images of 16x16 made worse by degrees: blurred, of low resolution, noisy, or with a scrap of another over them.

Level 0 leaves an image as it is, and each of the others up to LEVELS - 1 harms it more. The tables below were chosen so
that the kinds harm about alike: at each level the clean image that is nearest by raw pixels is of the right class for
about as many. In whole numbers alone, so that the bytes are the same on every machine. Images are (N, H, W) uint8,
levels (N,).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEVELS = 8
PASSES = 5
"""Of the filter that blurs. At the highest level it is (1, 2, 1) / 4, and together their variance is 2.5 pixels."""
SIZES = (16, 13, 11, 10, 8, 7, 6, 5)
"""Rows and columns of low resolution, by level."""
NOISE = 36
"""Greatest grey level that noise adds or takes, for each level."""
SCRAPS = (0, 3, 4, 5, 6, 7, 8, 9)
"""Side of a scrap, by level."""


def blurred(images: "np.ndarray", levels: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """Filtered PASSES times along rows and columns; a neighbour weighs level / (4 (LEVELS - 1)), black is outside."""
    import numpy as np

    whole = 4 * (LEVELS - 1)
    beside = levels[:, None, None].astype(np.int64)
    out = np.pad(images.astype(np.int64) * 256, ((0, 0), (PASSES, PASSES), (PASSES, PASSES)))
    for _ in range(PASSES):
        for axis in (1, 2):
            # black is wide enough that nothing comes round from the other side
            neighbours = np.roll(out, 1, axis) + np.roll(out, -1, axis)
            out = (neighbours * beside + out * (whole - 2 * beside)) // whole
    return ((out[:, PASSES:-PASSES, PASSES:-PASSES] + 128) // 256).astype(np.uint8)


def coarsened(images: "np.ndarray", levels: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """Shrunk to fewer rows and columns by the mean of what they cover, and spread over the whole side again."""
    import numpy as np

    out, side = images.copy(), images.shape[1]
    for level in np.unique(levels[levels > 0]):
        those, size = levels == level, SIZES[level]
        down = shares(side, size)
        there_and_back = down.T @ down  # its rows sum to side times size
        total = (side * size) ** 2
        out[those] = (there_and_back @ images[those].astype(np.int64) @ there_and_back + total // 2) // total
    return out


def shares(side: int, size: int) -> "np.ndarray":
    """(size, side) whole numbers whose rows sum to `side`: how much of each pixel one of `size` wider ones covers."""
    import numpy as np

    ends, starts = np.arange(size + 1) * side, np.arange(side) * size
    low, high = np.maximum(ends[:-1, None], starts), np.minimum(ends[1:, None], starts + size)
    return np.maximum(high - low, 0)


def noisy(images: "np.ndarray", levels: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """Each pixel with a number added that is drawn evenly up to NOISE times the level either way, and clipped."""
    import numpy as np

    most = NOISE * (LEVELS - 1)
    noise = draws.randint(-most, most + 1, images.shape) * levels[:, None, None].astype(np.int64) // (LEVELS - 1)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def covered(images: "np.ndarray", levels: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """A random square of another image over a random place."""
    import numpy as np

    count, side = len(images), images.shape[1]
    sizes = np.array(SCRAPS)[levels]
    sources = (np.arange(count) + draws.randint(1, count, count)) % count
    tops, lefts, from_top, from_left = draws.randint(0, np.tile(side - sizes + 1, (4, 1)))
    out = images.copy()
    for i in np.flatnonzero(sizes):
        top, left, y, x, size = tops[i], lefts[i], from_top[i], from_left[i], sizes[i]
        out[i, top : top + size, left : left + size] = images[sources[i], y : y + size, x : x + size]
    return out


KINDS = {"blur": blurred, "low resolution": coarsened, "noise": noisy, "scrap": covered}


def degraded(
    images: "np.ndarray", kinds: "np.ndarray", levels: "np.ndarray", draws: "np.random.RandomState"
) -> "np.ndarray":
    """(N, H, W) uint8 images, each by one of KINDS, by number, and by its level."""
    import numpy as np

    out = images.copy()
    for kind, make in enumerate(KINDS.values()):
        those = np.flatnonzero(kinds == kind)
        out[those] = make(images[those], levels[those], draws)
    return out
