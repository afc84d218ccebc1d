"""Fashion-MNIST in several styles: training images each in one of four, all test images in a fifth.

Made from `fashion_mnist` by integer arithmetic, so that the bytes are the same on every machine. A style is a kind of
light: how much contrast, how blurred or sharpened, how bright the ground is and how brightness grows from one side to
the other. With x a pixel (0 to 255), b the mean of the 5x5 pixels around it, zeros outside, and t its distance from
the lit side in pixels (0 to 27):

    pixel = clip((contrast x + detail (x - b) + 256 ground + slope t) // 256, 0, 255)

| style | contrast | detail | ground | slope | lit side | used for |
| --- | --- | --- | --- | --- | --- | --- |
| dim | 110 | 0 | 0 | 0 | none | training |
| haze | 90 | -60 | 120 | 0 | none | training |
| etching | 60 | 260 | 90 | 0 | none | training |
| lamp | 140 | 0 | 20 | 600 | left or right | training |
| dusk | 80 | 60 | 180 | -900 | top or bottom | test |

Within a style, an image's contrast and ground are moved by up to 20 each way. Styles, sides and moves are drawn by
numpy's RandomState, whose stream is frozen, with seeds 20231 (training) and 20232 (test), and do not depend on the
label. `style_of` gives the styles that were drawn.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import fashion_mnist

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="fashion_mnist_styles",
    title="Fashion-MNIST in styles, an unseen one in the test",
    source=fashion_mnist.DATASET.source,
    licence=fashion_mnist.DATASET.licence,
    shape=(1, 28, 28),
    classes=fashion_mnist.CLASSES,
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins=fashion_mnist.DATASET.pins,
)

SEEDS = {"train": 20231, "test": 20232}
TRAINING_STYLES, TEST_STYLES = (0, 1, 2, 3), (4,)
CONTRAST = (110, 90, 60, 140, 80)
DETAIL = (0, -60, 260, 0, 60)
GROUND = (0, 120, 90, 20, 180)
SLOPE = (0, 0, 0, 600, -900)
UPRIGHT = (0, 0, 0, 0, 1)
"""1 where brightness changes from top to bottom."""
MOVE = 20


def arrays(root: Path) -> "dict[str, np.ndarray]":
    out = fashion_mnist.arrays(root)
    for split in SEEDS:
        out[f"{split}_images"] = styled(out[f"{split}_images"], *_draws(split, len(out[f"{split}_images"])))
    return out


def style_of(split: str, count: int) -> "np.ndarray":
    """(count,) numbers of the styles of a split's images."""
    return _draws(split, count)[0]


def _draws(split: str, count: int) -> "tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]":
    """Style, side (0 or 1), and the moves of contrast and ground, of each image."""
    import numpy as np

    draws = np.random.RandomState(SEEDS[split])
    styles = np.array(TRAINING_STYLES if split == "train" else TEST_STYLES)
    style = styles[draws.randint(len(styles), size=count)]
    side = draws.randint(2, size=count)
    moves = draws.randint(-MOVE, MOVE + 1, size=(2, count))
    return style, side, moves[0], moves[1]


def styled(
    images: "np.ndarray", style: "np.ndarray", side: "np.ndarray", contrast: "np.ndarray", ground: "np.ndarray"
) -> "np.ndarray":
    """Images (N, 1, S, S) uint8 in their styles (N,), lit from sides (N,), contrast and ground moved (N,)."""
    import numpy as np

    def of(values: tuple[int, ...]) -> "np.ndarray":
        return np.array(values, dtype=np.int32)[style][:, None, None]

    x = images[:, 0].astype(np.int32)
    length = x.shape[1]
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2)))
    around = sum(padded[:, i : i + length, j : j + length] for i in range(5) for j in range(5)) // 25
    places = np.arange(length, dtype=np.int32)
    distance = np.where(side[:, None] == 0, places, places[::-1])
    distance = np.where(of(UPRIGHT) == 1, distance[:, :, None], distance[:, None, :])
    light = (of(CONTRAST) + contrast[:, None, None]) * x + of(DETAIL) * (x - around)
    light = light + 256 * (of(GROUND) + ground[:, None, None]) + of(SLOPE) * distance
    return np.clip(light // 256, 0, 255).astype(np.uint8)[:, None]
