"""The images of `glyphs`, most of them made worse to a degree that is recorded: the ground truth of image quality.

Each image has a kind and a level of degradation, drawn evenly and whatever its class and face. An eighth is at level 0
and as it is in `glyphs`; a study that wants pairs of a clean and a degraded image of one letter takes the same row of
both data sets. Quality from 0 to 1 is 1 - level / 7.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import glyphs
from pipeline.modalities.images.drawing import degrade

if TYPE_CHECKING:
    import numpy as np

SEED = 20302

DATASET = replace(glyphs.DATASET, key="glyphs_degraded", title="Glyphs, most of them degraded, 16x16")


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    out = glyphs.arrays(root)
    for place, split in enumerate(("train", "test")):
        draws = np.random.RandomState([SEED, place])
        images = out[f"{split}_images"][:, 0]
        kinds = draws.randint(0, len(degrade.KINDS), len(images))
        levels = draws.randint(0, degrade.LEVELS, len(images))
        out[f"{split}_images"] = degrade.degraded(images, kinds, levels, draws)[:, None]
        out[f"{split}_degradations"] = np.where(levels > 0, kinds + 1, 0).astype(np.uint8)
        out[f"{split}_levels"] = levels.astype(np.uint8)
    return out
