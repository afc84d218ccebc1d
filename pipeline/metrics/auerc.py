"""Area under the error-versus-reject curve: what is missed on average as the images of least quality are rejected."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.rejection import mean_error

LABEL = "Mean error as images are rejected (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(rejections: dict[str, Tensor]) -> dict[str, float | Absent]:
    """Of errors (S,), the share of pairs of one class that are not accepted at the threshold that accepts 1e-3 of those
    of two among all images, as 0 to 30% of the images are rejected.

    By the quality that the method predicts; "norm" by the lengths of embeddings, "random" by chance.
    """
    if not rejections:
        raise Absent("there are too few pairs of two classes to accept 1e-3 of")
    found: dict[str, float | Absent] = {name: mean_error(errors) for name, errors in rejections.items()}
    return {"": Absent("the method predicts no quality"), **found}
