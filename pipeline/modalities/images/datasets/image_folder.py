"""Your own images, in torchvision's ImageFolder layout: <folder>/{train,test}/<class>/*.png.

The folder is RECOUNT_IMAGE_FOLDER, or data/image_folder where that is not set. Images are converted to RGB and resized
to 32x32 without regard to their aspect ratio (bilinear, antialiased). Classes are the sorted folder names. What is read
of which files is said by `images.folders` and `images.reading`.
"""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.modalities import SPLITS, Dataset, contents
from pipeline.modalities.images import folders, reading

if TYPE_CHECKING:
    import numpy as np

SIDE = 32
PLACE = "RECOUNT_IMAGE_FOLDER"


def _folder(root: Path) -> Path:
    own = os.environ.get(PLACE)
    return Path(own).expanduser().absolute() if own else root / "data/image_folder"


def describe(root: Path) -> Dataset:
    """Pins the names and contents of all images."""
    top = _folder(root)
    if not top.is_dir():
        raise UserError(f"{top}: missing; set {PLACE} to the folder that holds {' and '.join(SPLITS)}")
    found = folders.listing(top)
    counts = {split: Counter(name for name, _ in pairs) for split, pairs in found.images.items()}
    return Dataset(
        key="image_folder",
        title="Images of your own",
        source="image folder",
        licence="not stated",
        shape=(3, SIDE, SIDE),
        classes=found.classes,
        train_examples=counts["train"].total(),
        test_examples=counts["test"].total(),
        pins={"images": contents.digest(top, found.paths, root / ".recount/image_folder.json")},
        class_counts={split: tuple(of[name] for name in found.classes) for split, of in counts.items()},
        skipped=found.skipped,
    )


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    out = {}
    found = folders.listing(_folder(root))
    places = {name: place for place, name in enumerate(found.classes)}
    for split, pairs in found.images.items():
        images = np.empty((len(pairs), SIDE, SIDE, 3), np.uint8)
        for place, (_, path) in enumerate(pairs):
            images[place] = reading.pixels(path, Path(path).read_bytes(), SIDE)
        out[f"{split}_images"] = images.transpose(0, 3, 1, 2)
        out[f"{split}_labels"] = np.array([places[name] for name, _ in pairs], np.int64)
    return out
