"""Modules by name: the one place where code is looked up that no import statement names.

The plan knows what a run looks up (its method, protocol, modality, encoder, metrics) and counts it as the run's code.
"""

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from pipeline.errors import UserError

LONGEST_KEY = 64
"""Letters: names of files are made of several keys and end after 255."""
KEY = re.compile("[a-z0-9]+(_[a-z0-9]+)*")
SPELLING = f"small letters, digits and single underscores between them, at most {LONGEST_KEY}"
"""So spelled, keys stay different on file systems without capitals, and when underscores are shown as spaces."""


def is_key(name: str) -> bool:
    """Whether a name can be the key of a method, metric, data set, study, variant, paper ..."""
    return len(name) <= LONGEST_KEY and KEY.fullmatch(name) is not None


def keys(paths: Iterable[Path], what: str) -> list[Path]:
    """Of files that are named by what they define, those that define something, in order of their keys.

    Left out are files whose names begin with an underscore, which are shared parts, and hidden ones, which file
    managers and editors leave behind. UserError for a name that is no key.
    """
    own = [path for path in paths if not path.name.startswith((".", "_"))]
    found = sorted(own, key=lambda path: (path.stem, str(path)))
    for path in found:
        if not is_key(path.stem):
            raise UserError(f"{path}: the file's name is the key of a {what}: it must be made of {SPELLING}; rename it")
    return found


def module(name: str) -> ModuleType:
    """A module of this package by its name below `pipeline`."""
    return importlib.import_module(f"pipeline.{name}")
