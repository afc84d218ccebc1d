"""Protocols, a folder each: how runs of a study are trained and judged.

The package itself needs no torch, since planning reads it:

- `Budget`, the schema of what a study may say, with the checks that need the data set's description and the streams
  that there are beside the training set; `UntrainedBudget`, where methods that do not train have a smaller one;
- `KINDS`, the kinds of method it takes, and `MODALITIES`, the kinds of data where it does not take all; an empty one is
  that of a protocol that reads no data set, whose methods draw what they need;
- `INHERITED`, where runs are scored rather than trained: the settings that a run takes over from its base.

Its module `run` has `prepare(job)`, `phases(job)`, the class `Evidence`, whose attributes metrics ask for, and where
epochs can be watched, `watch(job)`.
"""

import functools
from pathlib import Path
from types import ModuleType

from pipeline import lookup
from pipeline.errors import unknown

FOLDER = Path(__file__).parent


@functools.cache
def known() -> list[str]:
    """The names of all protocols, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob("*/run.py"))


def named(name: str, where: str = "") -> ModuleType:
    """A protocol's half that needs no torch; UserError with the nearest right name where there is none."""
    if name not in known():
        raise unknown("protocol", name, known(), where)
    return lookup.module(f"protocols.{name}")


def reads_data(name: str, where: str = "") -> bool:
    """Whether the studies of a protocol have a data set; UserError where there is no such protocol."""
    return getattr(named(name, where), "MODALITIES", None) != ()
