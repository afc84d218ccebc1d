"""SVHN, cropped house-number digits: train and test; the extra split is left out."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="svhn",
    title="SVHN",
    source="http://ufldl.stanford.edu/housenumbers/",
    licence="for non-commercial use only; cite Netzer et al., 2011",
    shape=(3, 32, 32),
    classes=tuple("0123456789"),
    train_examples=73_257,
    test_examples=26_032,
    pins={
        "train_32x32.mat": "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "md5:eb5a983be6a315427106f1b164d9cef3",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np
    from scipy.io import loadmat

    from pipeline.modalities.images.vision import torchvision

    out = {}
    for split in ("train", "test"):
        name = f"{split}_32x32.mat"
        urls = lambda split=split: [torchvision().datasets.SVHN.split_list[split][0]]  # noqa: E731
        path = source_files.download(DATASET.key, root / "data/downloads" / name, DATASET.pins[name], urls)
        try:
            content = loadmat(path, variable_names=["X", "y"])
            images, labels = content["X"], content["y"]
        except (ValueError, KeyError, OSError, NotImplementedError) as error:
            raise UserError(f"{path}: not SVHN's MATLAB file ({error}); delete it and prepare again") from None
        out[f"{split}_images"] = images.transpose(3, 2, 0, 1)
        out[f"{split}_labels"] = labels.ravel().astype(np.int64) % 10  # the file calls the digit 0 class 10
    return out
