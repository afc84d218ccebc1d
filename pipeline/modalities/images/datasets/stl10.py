"""STL-10: its 5,000 training and 8,000 test images at 96x96. The 100,000 unlabelled images are left out."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="stl10",
    title="STL-10",
    source="https://cs.stanford.edu/~acoates/stl10/",
    licence="none stated; images from ImageNet; cite Coates, Lee and Ng, 2011",
    shape=(3, 96, 96),
    classes=("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    train_examples=5_000,
    test_examples=8_000,
    pins={"stl10_binary.tar.gz": "md5:91f7769df0f17e558f3565bffb0c7dfb"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    from pipeline.modalities.images.vision import torchvision

    ((name, pin),) = DATASET.pins.items()
    urls = lambda: [torchvision().datasets.STL10.url]  # noqa: E731
    path = source_files.download(DATASET.key, root / "data/downloads" / name, pin, urls)
    parts = [f"stl10_binary/{split}_{kind}.bin" for split in ("train", "test") for kind in "Xy"]
    content = {part: np.frombuffer(data, np.uint8) for part, data in source_files.members(path, parts).items()}
    out: dict[str, np.ndarray] = {}
    for split in ("train", "test"):
        images, labels = content[f"stl10_binary/{split}_X.bin"], content[f"stl10_binary/{split}_y.bin"]
        if images.size != labels.size * 3 * 96 * 96:
            raise UserError(f"{path}: {split}_X.bin has {images.size} bytes for {labels.size} labels; delete it")
        out[f"{split}_images"] = images.reshape(-1, 3, 96, 96).swapaxes(2, 3)  # stored by columns
        out[f"{split}_labels"] = labels.astype(np.int64) - 1  # stored from 1
    return out
