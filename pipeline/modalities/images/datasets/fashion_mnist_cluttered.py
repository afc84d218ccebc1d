"""Fashion-MNIST where pixels fail: each item somewhere on a larger canvas, with a scrap of another item.

After the cluttered MNIST of Mnih et al. (2014, "Recurrent models of visual attention", section 4.1). What an image
shows no longer follows from what a pixel holds, so that raw pixels and untrained encoders do badly and invariance
pays. Made from the embedded images with numpy's RandomState, whose stream is frozen, and whole numbers alone, so that
the bytes are the same on every machine.

An item is shrunk to one of SIZES by averaging the pixels it covers, mirrored or not, put at a random place of a
black canvas, and its grey levels scaled to a share of GAIN. SCRAPS squares of side SCRAP, cut from the middle of
items of the same split, are put on the canvas first, at random places. With three of them SimCLR still learns in ten
seconds on a CPU, but MoCo, BYOL and SwAV tell images apart by their scraps for as long.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import fashion_mnist

if TYPE_CHECKING:
    import numpy as np

SEED = 20260
SIDE = 32
SIZES = (16, 22)
"""Least and greatest side of an item."""
GAIN = (50, 100)
"""Least and greatest share of an item's grey levels that is kept, in percent."""
SCRAPS = 1
SCRAP = 6

DATASET = Dataset(
    key="fashion_mnist_cluttered",
    title="Fashion-MNIST, placed at random, with a scrap",
    source=f"{fashion_mnist.DATASET.source}, derived",
    licence=fashion_mnist.DATASET.licence,
    shape=(1, SIDE, SIDE),
    classes=fashion_mnist.CLASSES,
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins=fashion_mnist.DATASET.pins,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    plain = fashion_mnist.arrays(root)
    out = dict(plain)
    for place, split in enumerate(("train", "test")):
        images = plain[f"{split}_images"][:, 0].astype(np.int64)
        out[f"{split}_images"] = cluttered(images, np.random.RandomState([SEED, place]))[:, None]
    return out


def cluttered(items: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """(N, SIDE, SIDE) uint8 canvases of items (N, 28, 28) int64."""
    import numpy as np

    count, side = len(items), items.shape[1]
    sources = draws.randint(0, count, (count, SCRAPS))
    cuts = draws.randint(4, side - SCRAP - 3, (count, SCRAPS, 2))
    scraps = draws.randint(0, SIDE - SCRAP + 1, (count, SCRAPS, 2))
    sizes = draws.randint(SIZES[0], SIZES[1] + 1, count)
    places = draws.randint(0, SIDE - sizes[:, None] + 1, (count, 2))
    gains = draws.randint(GAIN[0], GAIN[1] + 1, count)
    mirrored = draws.randint(0, 2, count).astype(bool)
    canvas = np.zeros((count, SIDE, SIDE), np.int64)
    shrinkers = {size: _shrinker(side, size) for size in range(SIZES[0], SIZES[1] + 1)}
    for i in range(count):
        for source, (top, left), (y, x) in zip(sources[i], cuts[i], scraps[i], strict=True):
            canvas[i, y : y + SCRAP, x : x + SCRAP] = items[source, top : top + SCRAP, left : left + SCRAP]
        size, (y, x) = sizes[i], places[i]
        shrinker = shrinkers[size]
        item = shrinker @ items[i] @ shrinker.T * gains[i] // (side * side * 100)
        item = item[:, ::-1] if mirrored[i] else item
        part = canvas[i, y : y + size, x : x + size]
        np.copyto(part, item, where=item > 0)
    return canvas.astype(np.uint8)


def _shrinker(side: int, size: int) -> "np.ndarray":
    """(size, side) whole numbers whose rows sum to `side`: how much of each pixel a shrunk one covers."""
    import numpy as np

    ends = np.arange(size + 1) * side
    starts = np.arange(side) * size
    low = np.maximum(ends[:-1, None], starts)
    high = np.minimum(ends[1:, None], starts + size)
    return np.maximum(high - low, 0)
