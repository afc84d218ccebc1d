"""scikit-learn's 1,797 handwritten digits, 8x8: the first 80% train, the rest test, in the order they are stored in.

The original split by writer is not part of scikit-learn's copy. The 17 grey levels 0..16 are spread over 0..255.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

TRAIN = 1437  # 80% of 1,797, rounded down

DATASET = Dataset(
    key="digits",
    title="Digits (8x8)",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0, E. Alpaydin and C. Kaynak",
    shape=(1, 8, 8),
    classes=tuple("0123456789"),
    train_examples=TRAIN,
    test_examples=1797 - TRAIN,
    pins={
        "images": "sha256:b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f",
        "labels": "sha256:a3c91c262eddcf7ba8f0e37507c30284493c9b20412ffe4af30d536401f7ba21",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np
    from sklearn.datasets import load_digits

    values, target = load_digits(return_X_y=True)
    images = np.rint(values * (255 / 16)).astype(np.uint8).reshape(-1, *DATASET.shape)
    labels = target.astype("<i8")
    for name, array in (("images", images), ("labels", labels)):
        where = f"scikit-learn's digits, {name}"
        source_files.verify(
            array.tobytes(), DATASET.pins[name], where, "install scikit-learn as requirements.lock says"
        )
    return {
        "train_images": images[:TRAIN],
        "train_labels": labels[:TRAIN],
        "test_images": images[TRAIN:],
        "test_labels": labels[TRAIN:],
    }
