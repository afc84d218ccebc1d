"""Pictures of test images, of what an attack adds, and of the slope of the loss at each pixel, for each method."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

TIMES = 5
"""What is added is shown so many times as strong."""
COLUMNS = 6
MOST = 4
"""Methods shown."""


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Test images, one of a class, and for each method three rows: the image as the ensemble of attacks moves it, "
        f"with the class that is then predicted (red where wrong), what was added, {TIMES} times as strong, and the "
        "slope of the loss at each pixel of the image as it is. What is wrong already is not moved. First seed of "
        "methods that were made here, the first reference, the baseline and the best other one first."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    from pipeline import modalities

    variant = results.variants()[0]
    found = {
        method: (arrays, modalities.describe(results.cells[variant, method].runs[0].dataset).classes)
        for method, arrays in _examples.pictured(results, "shown_images", MOST).items()
    }
    if not found:
        return _style.nothing("No run of this study was made here: pictures are not published.")
    count = min(COLUMNS, *(len(arrays["shown_images"]) for arrays, _ in found.values()))
    rows = 1 + 3 * len(found)
    figure = Figure(figsize=(_style.WIDTH, 0.62 * _style.WIDTH * rows / COLUMNS / 1.3))
    axes = figure.subplots(rows, count, squeeze=False)
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
    first, names = next(iter(found.values()))
    for column in range(count):
        _picture(axes[0, column], first["shown_images"][column])
        axes[0, column].set_title(_style.named(names[first["shown_labels"][column]]), fontsize=6, loc="center")
    axes[0, 0].set_ylabel("image", fontsize=6)
    for number, (method, (arrays, names)) in enumerate(found.items()):
        moved, added, slopes = axes[1 + 3 * number : 4 + 3 * number]
        for column in range(count):
            image, attacked = arrays["shown_images"][column], arrays["shown_attacked"][column]
            predicted, label = arrays["shown_predictions"][column], arrays["shown_labels"][column]
            _picture(moved[column], attacked)
            colour = _style.INK if predicted == label else _style.COLOURS[1]
            moved[column].set_title(_style.named(names[predicted]), fontsize=6, loc="center", color=colour, pad=2)
            _signed(added[column], TIMES * (attacked - image), 0.5)
            _signed(slopes[column], arrays["shown_slopes"][column], float(abs(arrays["shown_slopes"][column]).max()))
        for axis, name in zip((moved, added, slopes), (method.replace("_", "\n"), "added", "slope"), strict=True):
            axis[0].set_ylabel(name, fontsize=6)
    return figure


def _picture(axis: Any, image: Any) -> None:
    """An image (C, H, W) of values from 0 to 1."""
    grey = image.shape[0] == 1
    shown = image[0] if grey else image.transpose(1, 2, 0)
    axis.imshow(shown.clip(0, 1), cmap="gray" if grey else None, vmin=0, vmax=1)


def _signed(axis: Any, values: Any, most: float) -> None:
    """Of (C, H, W) the mean over channels, red above zero and blue below."""
    axis.imshow(values.mean(0), cmap="RdBu_r", vmin=-(most or 1.0), vmax=most or 1.0)
