"""The plane in which Wang and Isola (2020, figure 5) place self-supervised encoders."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return {"alignment", "uniformity"} <= set(study.metrics)


def caption(study: "Study") -> str:
    return (
        "Alignment (mean squared distance of two views' features) against uniformity (log mean Gaussian potential); "
        f"for both, lower is better, so the lower left is best. One point per method, the mean of its seeds; the "
        f"baseline, {study.baseline}, is larger. Hollow: other variants, joined to their method's point by a line."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits.figures import _plane

    return _plane.draw(results, "uniformity", "alignment")
