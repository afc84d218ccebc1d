"""The floor: an encoder as it was initialised."""

from typing import ClassVar

from pipeline.contract import Method


class RandomEncoder(Method):
    """No training at all. What its features reach is owed to the architecture and the probe."""

    paper = ""
    kind = "representation"
    trains: ClassVar[bool] = False
    views: tuple[str, ...] = ()
