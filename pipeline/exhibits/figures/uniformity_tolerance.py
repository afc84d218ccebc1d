"""The dilemma of Wang and Liu (2021): features spread evenly, or features of one class close together."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return {"uniformity", "tolerance"} <= set(study.metrics)


def caption(study: "Study") -> str:
    return (
        "Tolerance (mean cosine of test examples of one class; higher is better) against uniformity (log mean Gaussian "
        f"potential; lower is better). One point per method, the mean of its seeds; the baseline, {study.baseline}, is "
        "larger. Lines join the temperatures at which a method was trained."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits.figures import _plane

    return _plane.draw(results, "uniformity", "tolerance", joined="temperature")
