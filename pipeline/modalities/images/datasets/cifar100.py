"""CIFAR-100 with its 100 fine classes, from its binary version: the Python version is a pickle, which runs code."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

URL = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"

CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""

DATASET = Dataset(
    key="cifar100",
    title="CIFAR-100",
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="none stated; cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    shape=(3, 32, 32),
    classes=tuple(CLASSES.split()),
    train_examples=50_000,
    test_examples=10_000,
    pins={"cifar-100-binary.tar.gz": "md5:03b5dce01913d631647c71ecec9e9cb8"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    ((name, pin),) = DATASET.pins.items()
    path = source_files.download(DATASET.key, root / "data/downloads" / name, pin, lambda: [URL])
    content = source_files.members(path, [f"cifar-100-binary/{split}.bin" for split in ("train", "test")])
    out = {}
    for split in ("train", "test"):
        part = f"cifar-100-binary/{split}.bin"
        # two label bytes: the coarse class, then the fine one
        out[f"{split}_images"], out[f"{split}_labels"] = source_files.records(
            content[part], 2, DATASET.shape, f"{path}: {part}"
        )
    return out
