"""Made examples of unseen classes beside real ones, in the plane in which a classifier is to tell them."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

NEEDED = ("made_plane", "made_labels", "made_from")
MOST = 6
"""Panels."""


def applies(study: "Study") -> bool:
    return "synthesis_error" in study.measured


def caption(study: "Study") -> str:
    return (
        "Test images of the first unseen classes (crosses) and what is made of these classes' attributes (discs), a "
        "colour for each class, along the two principal axes of both together. The better the examples, the nearer "
        "discs are to crosses of their colour. First seed of methods that make any and were run here."
    )


def draw(results: "Results") -> Any:
    found = []
    for (variant, method), cell in results.cells.items():
        if kept := _examples.kept(cell, *NEEDED):
            found.append((f"{method}, {variant}", kept[0]))
    if not found:
        return _style.nothing("No run of this study that makes examples was made here: predictions are not published.")
    figure, axes, _ = _style.grid(min(len(found), MOST), 3, 2.2)
    for axis, (title, arrays) in zip(axes, found[:MOST], strict=True):
        points, labels, made = (arrays[name] for name in NEEDED)
        for label in range(int(labels.max()) + 1):
            colour = (
                _style.COLOURS[label % len(_style.COLOURS)]
                if label < len(_style.COLOURS)
                else (_style.SOFT, _style.INK)[label % 2]
            )
            for side, marker, alpha, size in ((made > 0, "o", 0.35, 2.0), (made == 0, "x", 1.0, 3.0)):
                chosen = (labels == label) & side
                axis.plot(*points[chosen].T, marker, color=colour, markersize=size, alpha=alpha, markeredgewidth=0.6)
        axis.set_title(title, fontsize=7)
        axis.set(xticks=[], yticks=[])
    return figure
