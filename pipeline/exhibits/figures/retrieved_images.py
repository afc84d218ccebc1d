"""Queries and the images that are most like them, by each method: hits framed in green, misses in red."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

HIT, MISS = _style.COLOURS[2], _style.COLOURS[1]
MOST = 3
"""Methods shown."""
IMAGES = "row_images"


def applies(study: "Study") -> bool:
    return "recall_1" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Left of each panel the same tested images, and beside each the images that the method takes for most like it, "
        "nearest first: framed in green those of its class, or of one of its classes, in red those of others. "
        f"First seed of methods that were made here, the first reference, the baseline, {study.baseline}, and the best "
        "other one first."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    found = _examples.pictured(results, IMAGES, MOST)
    if not found:
        return _style.nothing("No run of this study was made here: pictures are not published.")
    rows, columns = next(iter(found.values()))[IMAGES].shape[:2]
    figure = Figure(figsize=(_style.WIDTH, 0.35 + rows * _style.WIDTH / (MOST * (columns + 0.5))))
    axes = figure.subplots(1, MOST, squeeze=False)[0]
    for axis in axes[len(found) :]:
        axis.remove()
    for axis, (method, arrays) in zip(axes, found.items(), strict=False):
        _panel(axis, arrays[IMAGES], arrays["row_hits"])
        _style.title(axis, method)
    return figure


def _panel(axis: Any, images: Any, hits: Any) -> None:
    """Images (Q, 1 + M, C, H, W) in a grid, the queries a little apart from the others."""
    from matplotlib.patches import Rectangle

    grey = images.shape[2] == 1
    for row, line in enumerate(images):
        for column, image in enumerate(line):
            left = column + (0.25 if column else 0)
            shown = image[0] if grey else image.transpose(1, 2, 0)
            extent = (left, left + 0.88, row + 0.88, row)
            axis.imshow(shown, cmap="gray" if grey else None, vmin=0, vmax=255, extent=extent)
            colour = (HIT if hits[row, column] else MISS) if column else _style.INK
            axis.add_patch(Rectangle((left, row), 0.88, 0.88, fill=False, edgecolor=colour, linewidth=1.1))
    axis.set(xlim=(-0.1, images.shape[1] + 0.25), ylim=(len(images), -0.1), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_visible(False)
