"""Which training labels are wrong, and which a method suspects: what there must be before either can be judged."""

from pipeline.errors import Absent
from pipeline.ops.resampling import Array


def some_wrong(wrong_labels: Array | None) -> Array:
    """Wrong labels (M,) bool as they are; raises Absent where there are none, or nothing is known of them (None)."""
    if wrong_labels is None or not wrong_labels.any():
        raise Absent("no training label was made wrong")
    return wrong_labels


def of_noise(suspects: Array | None, wrong_labels: Array | None) -> tuple[Array, Array]:
    """Suspects and wrong labels (M,) bool; raises Absent where the method names no suspects (None) or none is wrong."""
    if suspects is None:
        raise Absent("the method does not say which labels it suspects")
    return suspects, some_wrong(wrong_labels)
