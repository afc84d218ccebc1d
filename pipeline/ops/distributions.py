"""Predicted distributions: what there must be before one can be judged."""

from typing import TypeVar

from pipeline.errors import Absent

T = TypeVar("T")


def spread(deviations: T | None) -> T:
    """Standard deviations as they are; raises Absent where there are none."""
    if deviations is None:
        raise Absent("the method predicts no distribution, and there are no validation examples to tell its errors by")
    return deviations
