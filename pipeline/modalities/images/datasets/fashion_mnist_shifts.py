"""Fashion-MNIST in seven domains, 14x14: each training image in one of them, each test image in four.

For what is trained on some domains, fine-tuned on another and tested on all. Labels tell both: 10 x domain + item.
Domains are made by the integer arithmetic of other data sets, and then halved, so that the bytes are the same on every
machine. Domains and moves are drawn by numpy's RandomState, whose stream is frozen.

| domain | made by | what it is |
| --- | --- | --- |
| dim, haze, etching, lamp | `fashion_mnist_styles` | in the styles of its training images |
| plain | `fashion_mnist` | the item |
| dusk | `fashion_mnist_styles` | in the style of its test images: a bright ground that darkens to one side |
| digit | `fashion_mnist_domains` | under a handwritten digit in its middle, both at half intensity |

The training images are the first 9,000, each in any domain with equal chances. The test images are the other 3,000,
four times each, one after the other: in one of the first four domains, plain, at dusk and with a digit. No test image
is a training image in another domain.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images import splits
from pipeline.modalities.images.datasets import (
    digits,
    fashion_mnist,
    fashion_mnist_domains,
    fashion_mnist_small,
    fashion_mnist_styles,
)

if TYPE_CHECKING:
    import numpy as np

SEED = 20301
DOMAINS = ("dim", "haze", "etching", "lamp", "plain", "dusk", "digit")
STYLES = 4
"""So many domains come first that are styles of training images."""
TRAINED, TESTED = 9_000, 3_000

DATASET = Dataset(
    key="fashion_mnist_shifts",
    title="Fashion-MNIST in seven domains, 14x14",
    source=fashion_mnist_domains.DATASET.source,
    licence=fashion_mnist_domains.DATASET.licence,
    shape=(1, 14, 14),
    classes=tuple(f"{domain} {item}" for domain in DOMAINS for item in fashion_mnist.CLASSES),
    train_examples=TRAINED,
    test_examples=(len(DOMAINS) - STYLES + 1) * TESTED,
    pins=fashion_mnist_domains.DATASET.pins,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    plain, shapes = splits.split(fashion_mnist.arrays(root), TRAINED), digits.arrays(root)
    out: dict[str, np.ndarray] = {}
    for place, split in enumerate(("train", "test")):
        images, labels = plain[f"{split}_images"], plain[f"{split}_labels"].astype(np.int64)
        draws = np.random.RandomState([SEED, place])
        made = versions(images, shapes[f"{split}_images"], draws)
        if split == "train":
            domain = draws.randint(len(DOMAINS), size=(len(images), 1))
        else:
            domain = np.empty((len(images), len(DOMAINS) - STYLES + 1), dtype=np.int64)
            domain[:, 0], domain[:, 1:] = draws.randint(STYLES, size=len(images)), range(STYLES, len(DOMAINS))
        chosen = made[domain, np.arange(len(images))[:, None]]
        out[f"{split}_images"] = fashion_mnist_small.halved(chosen.reshape(-1, *images.shape[1:]))
        out[f"{split}_labels"] = (len(fashion_mnist.CLASSES) * domain + labels[:, None]).ravel()
    return out


def versions(images: "np.ndarray", shapes: "np.ndarray", draws: "np.random.RandomState") -> "np.ndarray":
    """(D, N, 1, 28, 28) images (N, 1, 28, 28) in every domain; shapes (M, 1, 8, 8) are those of digits."""
    import numpy as np

    count, move = len(images), fashion_mnist_styles.MOVE

    def styled(style: int) -> "np.ndarray":
        contrast, ground = draws.randint(-move, move + 1, size=(2, count))
        side = draws.randint(2, size=count)
        return fashion_mnist_styles.styled(images, np.full(count, style), side, contrast, ground)

    lit = [styled(style) for style in range(STYLES)]
    dusk = fashion_mnist_domains.dusky(images, draws)
    return np.stack([*lit, images, dusk, fashion_mnist_domains.numbered(images, shapes, draws)])
