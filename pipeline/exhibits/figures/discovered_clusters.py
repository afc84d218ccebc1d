"""Unlabelled images in the plane of their features, by class and by what they are taken for."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _best, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

EXAMPLES = 1000
NEEDED = ("plane", "unlabelled_labels", "unlabelled_predictions")


def applies(study: "Study") -> bool:
    return "cluster_accuracy" in study.metrics and "cluster_accuracy_new" in study.metrics


def caption(study: "Study") -> str:
    return (
        f"The first {EXAMPLES:,} training images without labels at most, along the two principal axes of their "
        "features: coloured by class (discs are old classes, triangles new ones), and by the class that their cluster "
        "is matched to, where crosses are clusters that are left over. Right, the share of each class that is taken "
        "for each, old classes above the line. First seed of the first variant of methods that were made here: the "
        f"first reference, the baseline, {study.baseline}, and the best other one."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    variant = results.variants()[0]
    references = [entry.key for entry in results.study.methods if entry.reference]
    wanted = dict.fromkeys([*references[:1], results.study.baseline, _best.other(results), *results.methods(variant)])
    found: dict[str, Any] = {}
    for method in (m for m in wanted if m in results.methods(variant)):
        cell = results.cells[variant, method]
        kept = [(run, cell.examples[run.seed]) for run in cell.runs if run.seed in cell.examples]
        kept = [each for each in kept if all(name in each[1] for name in NEEDED)]
        if kept and len(found) < 3:
            found[method] = kept[0]
    if not found:
        return _style.nothing("No run of this study was made here: predictions are not published.")
    figure = Figure(figsize=(_style.WIDTH, 0.5 + 2.15 * len(found)))
    axes = figure.subplots(len(found), 3, squeeze=False)
    for (true, predicted, taken), (method, (run, arrays)) in zip(axes, found.items(), strict=True):
        names, old = _classes(results, run)
        labels, predictions = arrays["unlabelled_labels"], arrays["unlabelled_predictions"]
        for axis, classes in ((true, labels), (predicted, predictions)):
            _points(axis, arrays["plane"][:EXAMPLES], classes[:EXAMPLES], names, old)
        true.set_title(f"{method}: class", fontsize=7)
        predicted.set_title("predicted", fontsize=7)
        _confusion(taken, labels, predictions, names, old)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=5, markerscale=2)
    return figure


def _classes(results: "Results", run: Any) -> tuple[list[str], int]:
    """The classes' names under the numbers that they have here, and how many are old."""
    from pipeline.exhibits import frame

    given: list[str] = frame.about(run.dataset, results.root).get("classes", [])
    old = sorted(run.settings["old_classes"])
    arriving = [c for session in run.settings.get("sessions") or [] for c in session]
    order = [*old, *(arriving or (c for c in range(len(given)) if c not in old))]
    return [given[c] for c in order if c < len(given)], len(old)


def _points(axis: Any, points: Any, classes: Any, names: list[str], old: int) -> None:
    import numpy as np

    for number in np.unique(classes):
        place = number if number < old else number - old
        colour = _style.COLOURS[place % len(_style.COLOURS)] if number >= 0 else _style.SOFT
        marker = "x" if number < 0 else "o" if number < old else "^"
        name = _style.named(names[number]) if 0 <= number < len(names) else "no class"
        edge = {"markeredgewidth": 0.4 if number < 0 else 0}
        axis.plot(*points[classes == number].T, marker, color=colour, markersize=2, alpha=0.7, label=name, **edge)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _confusion(axis: Any, labels: Any, predictions: Any, names: list[str], old: int) -> None:
    """Rows are classes, columns what they are taken for; what is matched to no class is left out."""
    import numpy as np

    size = max(len(names), int(labels.max()) + 1)
    shares = np.zeros((size, size))
    np.add.at(shares, (labels[predictions >= 0], predictions[predictions >= 0]), 1)
    shares /= np.maximum(np.bincount(labels, minlength=size), 1)[:, None]
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for along in (axis.axhline, axis.axvline):
        along(old - 0.5, color=_style.INK, linewidth=0.6)
    axis.set_title("class taken for", fontsize=7)
    axis.set_xticks([])
    axis.set_yticks(range(len(names)), [_style.named(name) for name in names], fontsize=5)
    axis.tick_params(length=0)
