"""What designs are worth in the mean when their search is over; further values are of the way there, and predicted."""

from pipeline.errors import Absent

LABEL = "Mean design score"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "higher"


def compute(design_course: dict[int, tuple[float, float | None]]) -> dict[str, float | Absent]:
    """`true_<percent>` and `predicted_<percent>` of the search done."""
    found: dict[str, float | Absent] = {"": design_course[max(design_course)][0]}
    for percent, (true, predicted) in design_course.items():
        found[f"true_{percent}"] = true
        found[f"predicted_{percent}"] = Absent("it predicts nothing") if predicted is None else predicted
    return found
