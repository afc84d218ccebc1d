"""Methods that tell of their own steps what no loss and no weight shows afterwards."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Observed(Protocol):
    """Such as how often it clipped: numbers since the last epoch's end, which go into the epoch's row by these names.

    Asked once after each epoch of a study that watches. What is summed up in between is a registered buffer.
    """

    def observed(self) -> dict[str, float]: ...
