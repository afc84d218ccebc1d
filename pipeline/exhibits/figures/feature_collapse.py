"""How much of a class's variation features keep, and how far apart they set the classes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return "within_class_distance" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Class separation R² against the mean cosine distance within a class, of penultimate features of the test "
        "examples (Kornblith et al. 2021). Towards the left, classes collapse; towards the top, they lie apart. One "
        f"point per method, the mean of its seeds; the baseline, {study.baseline}, is larger. A line joins the values "
        "of tau at which a method was trained."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits.figures import _plane

    return _plane.draw(results, "within_class_distance", "class_separation", joined="tau")
