"""What the plan knows of data sets: their descriptions, and the digests of all that determines their arrays.

A description may depend on files (`image_folder`), which are looked at once in a planning and anew in the next.
"""

import functools

from pipeline import modalities
from pipeline.planning import identity


def look_again() -> None:
    """Forget what was seen of data sets' files: they may have changed since the last planning."""
    describe.cache_clear()


@functools.cache
def describe(key: str) -> modalities.Dataset:
    """A data set's description."""
    return modalities.describe(key)


def recipe(key: str) -> str:
    """The digest of all that determines a data set's arrays: its description, its sources and the code that reads."""
    return modalities.recipe(describe(key), code(key))


def code(key: str) -> str:
    """The digest of the code that makes a data set's arrays and their moments."""
    moments = f"pipeline.modalities.{modalities.name_of(key)}.moments:moments"
    return identity.digest(f"{modalities.module(key)}:arrays", moments)
