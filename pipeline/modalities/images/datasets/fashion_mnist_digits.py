"""Background and target images: Fashion-MNIST items, half of them with a handwritten digit laid over at random places.

After the CIFAR-10 images with and without digits of SepCLR (Louiset et al. 2024): item and digit at half intensity
each. The label is the digit, or "none". Training and test images come from those splits of both sources.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import digits, fashion_mnist

if TYPE_CHECKING:
    import numpy as np

SEED = 139
"""Of what is drawn: which images are targets, their digits and places."""
SCALE = 2
"""Pixels of an image per pixel of a digit."""
NONE = 10

DATASET = Dataset(
    key="fashion_mnist_digits",
    title="Fashion-MNIST with digits on every other image",
    source=f"{fashion_mnist.DATASET.source} and {digits.DATASET.source}",
    licence=f"{fashion_mnist.DATASET.licence}; digits {digits.DATASET.licence}",
    shape=fashion_mnist.DATASET.shape,
    classes=(*digits.DATASET.classes, "none"),
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins={**fashion_mnist.DATASET.pins, **{f"digits, {name}": pin for name, pin in digits.DATASET.pins.items()}},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    items, shapes = fashion_mnist.arrays(root), digits.arrays(root)
    # the legacy generator, whose numbers are the same in every version of NumPy
    random = np.random.RandomState(SEED)
    out: dict[str, np.ndarray] = {}
    for split in ("train", "test"):
        pasted = shapes[f"{split}_images"].repeat(SCALE, 2).repeat(SCALE, 3) // 2
        images = items[f"{split}_images"] // 2
        labels = np.full(len(images), NONE, dtype=np.int64)
        room = [side - size + 1 for side, size in zip(images.shape[2:], pasted.shape[2:], strict=True)]
        targets = np.sort(random.permutation(len(images))[: len(images) // 2])
        drawn = [random.randint(0, most, len(targets)) for most in (len(pasted), *room)]
        for target, digit, top, left in zip(targets, *drawn, strict=True):
            images[target, :, top : top + pasted.shape[2], left : left + pasted.shape[3]] += pasted[digit]
            labels[target] = shapes[f"{split}_labels"][digit]
        out |= {f"{split}_images": images, f"{split}_labels": labels}
    return out
