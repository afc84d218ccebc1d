"""Your own images, in torchvision's ImageFolder layout: <folder>/{train,test}/<class>/*.png.

The folder is RECOUNT_IMAGE_FOLDER, or data/image_folder where that is not set. Images are converted to RGB and resized
to 32x32 without regard to their aspect ratio (bilinear, antialiased). Classes are the sorted folder names.
"""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.modalities import Dataset

if TYPE_CHECKING:
    import numpy as np

SIDE = 32
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"})


def _folder(root: Path) -> Path:
    return Path(os.environ.get("RECOUNT_IMAGE_FOLDER") or root / "data/image_folder")


def _listing(root: Path) -> dict[str, list[tuple[str, Path]]]:
    """Split -> sorted (class, file). UserError where the layout is not as described above."""
    top = _folder(root)
    out: dict[str, list[tuple[str, Path]]] = {}
    for split in ("train", "test"):
        place = top / split
        if not place.is_dir():
            raise UserError(
                f"{place}: missing; expected {top}/{{train,test}}/<class>/<image>; "
                "set RECOUNT_IMAGE_FOLDER to the folder that holds train and test"
            )
        out[split] = []
        for folder in sorted(path for path in place.iterdir() if path.is_dir()):
            images = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
            if not images:
                raise UserError(f"{folder}: no images; expected files ending in {', '.join(sorted(SUFFIXES))}")
            out[split] += [(folder.name, path) for path in images]
    train, test = ({name for name, _ in out[split]} for split in ("train", "test"))
    if not train:
        raise UserError(f"{top / 'train'}: no class folders; expected train/<class>/<image>")
    if train != test:
        raise UserError(
            f"{top}: train and test differ in class '{min(train ^ test)}'; both need the same class folders"
        )
    return out


def describe(root: Path) -> Dataset:
    """Pins name and size of every file, which is what can be read while planning; contents are not read."""
    listing = _listing(root)
    top = _folder(root)
    lines = [
        f"{path.relative_to(top).as_posix()} {path.stat().st_size}" for pairs in listing.values() for _, path in pairs
    ]
    return Dataset(
        key="image_folder",
        title="Images of your own",
        source="image folder",
        licence="not stated",
        shape=(3, SIDE, SIDE),
        classes=tuple(sorted({name for name, _ in listing["train"]})),
        train_examples=len(listing["train"]),
        test_examples=len(listing["test"]),
        pins={"names and sizes": "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()},
    )


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np
    from PIL import Image

    out = {}
    for split, pairs in _listing(root).items():
        places = {name: place for place, name in enumerate(sorted({name for name, _ in pairs}))}
        images = np.empty((len(pairs), SIDE, SIDE, 3), np.uint8)
        for place, (_, path) in enumerate(pairs):
            try:
                with Image.open(path) as image:
                    images[place] = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                raise UserError(f"{path}: not a readable image ({error}); replace or delete it") from None
        out[f"{split}_images"] = images.transpose(0, 3, 1, 2)
        out[f"{split}_labels"] = np.array([places[name] for name, _ in pairs], np.int64)
    return out
