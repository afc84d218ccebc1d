"""Fashion-MNIST in four domains, for choosing training data for some of them: plain, dusk, cluttered, with a digit.

Each image is in one domain, drawn by numpy's RandomState, whose stream is frozen, whatever its label. Labels tell both:
10 x domain + item. Domains are made by the integer arithmetic of other data sets, and then halved to 14x14, so that the
bytes are the same on every machine.

| domain | made by | what it is |
| --- | --- | --- |
| plain | `fashion_mnist` | the item |
| dusk | `fashion_mnist_styles` | in the style of its test images: a bright ground that darkens to one side |
| cluttered | `fashion_mnist_cluttered` | shrunk, somewhere on a canvas with a scrap, of which this is the middle |
| digit | `digits` | under a handwritten digit in its middle, both at half intensity |
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import (
    digits,
    fashion_mnist,
    fashion_mnist_cluttered,
    fashion_mnist_small,
    fashion_mnist_styles,
)

if TYPE_CHECKING:
    import numpy as np

SEED = 20294
DOMAINS = ("plain", "dusk", "cluttered", "digit")
DUSK = 4
"""Its number among the styles."""

DATASET = Dataset(
    key="fashion_mnist_domains",
    title="Fashion-MNIST in four domains, 14x14",
    source=f"{fashion_mnist.DATASET.source} and {digits.DATASET.source}",
    licence=f"{fashion_mnist.DATASET.licence}; digits {digits.DATASET.licence}",
    shape=(1, 14, 14),
    classes=tuple(
        f"{domain} {item}" if place else item for place, domain in enumerate(DOMAINS) for item in fashion_mnist.CLASSES
    ),
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins={**fashion_mnist.DATASET.pins, **{f"digits, {name}": pin for name, pin in digits.DATASET.pins.items()}},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    plain, shapes = fashion_mnist.arrays(root), digits.arrays(root)
    out: dict[str, np.ndarray] = {}
    for place, split in enumerate(("train", "test")):
        images, labels = plain[f"{split}_images"], plain[f"{split}_labels"]
        draws = np.random.RandomState([SEED, place])
        domain = draws.randint(len(DOMAINS), size=len(images))
        made = (
            images,
            dusky(images, draws),
            cluttered(images, draws),
            numbered(images, shapes[f"{split}_images"], draws),
        )
        chosen = np.stack(made)[domain, np.arange(len(images))]
        out[f"{split}_images"] = fashion_mnist_small.halved(chosen)
        out[f"{split}_labels"] = len(fashion_mnist.CLASSES) * domain + labels
    return out


def dusky(images: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """Images (N, 1, 28, 28) uint8 in one style, lit from either side."""
    import numpy as np

    count, move = len(images), fashion_mnist_styles.MOVE
    contrast, ground = draws.randint(-move, move + 1, size=(2, count))
    return fashion_mnist_styles.styled(images, np.full(count, DUSK), draws.randint(2, size=count), contrast, ground)


def cluttered(images: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """The middle 28x28 of the canvases of images (N, 1, 28, 28)."""
    import numpy as np

    canvas = fashion_mnist_cluttered.cluttered(images[:, 0].astype(np.int64), draws)
    edge = (canvas.shape[1] - images.shape[2]) // 2
    return canvas[:, None, edge : edge + images.shape[2], edge : edge + images.shape[3]]


def numbered(images: "np.ndarray", shapes: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """Images (N, 1, 28, 28) with shapes (M, 1, 8, 8), twice as large, laid over their middle."""
    pasted = shapes.repeat(2, 2).repeat(2, 3) // 2
    out = images // 2
    top, left = ((side - size) // 2 for side, size in zip(images.shape[2:], pasted.shape[2:], strict=True))
    out[:, :, top : top + pasted.shape[2], left : left + pasted.shape[3]] += pasted[
        draws.randint(len(pasted), size=len(images))
    ]
    return out
