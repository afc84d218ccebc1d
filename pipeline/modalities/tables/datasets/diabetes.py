"""How far diabetes had gone a year later, in 442 patients, by ten measurements: 300 train, 142 test.

The table of Efron, Hastie, Johnstone and Tibshirani (2004), "Least angle regression", as scikit-learn ships it, in its
own units. Its test split is small: differences here need many seeds, and are of this one split.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

DATASET = Table(
    key="diabetes",
    title="Diabetes: progression by measurements",
    source="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html, in the Python package scikit-learn",
    licence="not stated by its authors; scikit-learn's copy is under BSD-3-Clause",
    shape=(10,),
    classes=(),
    target="progression after a year (points)",
    train_examples=300,
    test_examples=142,
    columns=(
        *("age (years)", "sex", "body mass index (kg/m2)", "blood pressure (mmHg)", "total cholesterol (mg/dl)"),
        *("LDL (mg/dl)", "HDL (mg/dl)", "cholesterol over HDL", "log triglycerides", "blood sugar (mg/dl)"),
    ),
    pins={
        "diabetes_data_raw.csv.gz": "sha256:7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009",
        "diabetes_target.csv.gz": "sha256:8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    rows, targets = (sources.shipped(DATASET, "scikit-learn", f"sklearn/datasets/data/{file}") for file in DATASET.pins)
    return sources.split(DATASET, sources.numbers(DATASET, rows), sources.numbers(DATASET, targets)[:, 0])
