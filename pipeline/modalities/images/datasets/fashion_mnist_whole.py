"""Fashion-MNIST, all 70,000 images: from Debian's package where it is installed, else by download.

The two are compressed differently, so the uncompressed files are what is pinned.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files
from pipeline.modalities.images.datasets.fashion_mnist import CLASSES

if TYPE_CHECKING:
    import numpy as np

DEBIAN = Path("/usr/share/datasets/fashion-mnist")

DATASET = Dataset(
    key="fashion_mnist_whole",
    title="Fashion-MNIST",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT, Copyright (c) 2017 Zalando SE",
    shape=(1, 28, 28),
    classes=CLASSES,
    train_examples=60_000,
    test_examples=10_000,
    pins={
        "train-images-idx3-ubyte": "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)

DOWNLOADS = {
    "train-images-idx3-ubyte": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
"""Of the compressed files that torchvision downloads."""


def arrays(root: Path) -> "dict[str, np.ndarray]":
    from pipeline.modalities.images.vision import torchvision

    debian = all((DEBIAN / f"{stem}.gz").is_file() for stem in source_files.IDX.values())
    out = {}
    for name, stem in source_files.IDX.items():
        path = (DEBIAN if debian else root / "data/downloads/FashionMNIST/raw") / f"{stem}.gz"
        mend = "reinstall Debian's package dataset-fashion-mnist" if debian else "delete it and prepare again"
        if not debian:
            mirrors = lambda file=path.name: [m + file for m in torchvision().datasets.FashionMNIST.mirrors]  # noqa: E731
            source_files.download(DATASET.key, path, DOWNLOADS[stem], mirrors)
        content = source_files.gunzip(path, mend)
        source_files.verify(content, DATASET.pins[stem], f"{path}, uncompressed", mend)
        out[name] = source_files.idx(content, path, mend)
    return out
