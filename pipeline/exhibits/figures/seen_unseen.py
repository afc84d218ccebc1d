"""Accuracy on seen classes against that on unseen ones, as something is taken off the scores of seen classes."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

NEEDED = ("lead", "right_within", "labels", "of_seen")
POINTS = 200
"""Of a curve."""


def applies(study: "Study") -> bool:
    return "ausuc" in study.measured


def caption(study: "Study") -> str:
    return (
        "Accuracy on images of seen and of unseen classes, which compete, as a number is taken off all scores of seen "
        "classes, from much to little; the mark is where nothing is taken off, which is what the table has. The area "
        "below a curve is AUSUC. First seed of methods that were made here: left the first variant, right all others."
    )


def draw(results: "Results") -> Any:
    panels: list[list[tuple[str, Any]]] = [[], []]
    for (variant, method), cell in results.cells.items():
        first = variant == results.variants()[0]
        if kept := _examples.kept(cell, *NEEDED):
            panels[not first].append((method if first else f"{method}, {variant}", kept[0]))
    panels = [panel for panel in panels if panel]
    if not panels:
        return _style.nothing("No run of this study was made here: predictions are not published.")
    figure, axes, _ = _style.grid(len(panels), 2, 3.6, sharex=True, sharey=True)
    for axis, panel in zip(axes, panels, strict=True):
        for number, (label, arrays) in enumerate(panel):
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            line = ("-", "--", ":")[number // len(_style.COLOURS) % 3]
            unseen, seen, at = _curve(*(arrays[name] for name in NEEDED))
            axis.plot(unseen, seen, line, color=colour, linewidth=1, label=label)
            axis.plot(unseen[at], seen[at], "o", color=colour, markersize=3.5)
        axis.set(xlim=(-2, 100), ylim=(-2, 100), xlabel="unseen classes (%)")
        axis.grid()
        # below: every corner has curves
        axis.legend(fontsize=5, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    axes[0].set_ylabel("seen classes (%)")
    return figure


def _curve(lead: Any, right_within: Any, labels: Any, of_seen: Any) -> tuple[Any, Any, int]:
    """Accuracies on unseen and on seen classes at some hundred offsets, and the place of the offset 0."""
    import numpy as np

    offsets = np.unique(np.append(np.quantile(lead, np.linspace(0, 1, POINTS)), [0.0, lead.max() + 1]))
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    # what an image adds to a mean over the classes of its side
    weights = 100 * right_within / sizes[classes]
    named_seen = lead >= offsets[:, None]
    seen, unseen = (
        (named * (weights * side)).sum(1) / len(np.unique(labels[side]))
        for named, side in ((named_seen, of_seen), (~named_seen, ~of_seen))
    )
    return unseen, seen, int(np.searchsorted(offsets, 0.0))
