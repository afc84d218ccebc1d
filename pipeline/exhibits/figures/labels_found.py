"""How many of a query's labels are found: precision against how many are named, and recall against their frequency."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

NAMED = {"1": "precision_1", "3": "precision_3", "5": "precision_5"}
BY_FREQUENCY = {third: f"recall_10_{third}" for third in ("frequent", "medium", "rare")}


def applies(study: "Study") -> bool:
    return set(NAMED.values()) | {"recall_10"} <= set(study.measured)


def caption(study: "Study") -> str:
    return (
        "Left, the share of the first 1, 3 and 5 labels that is right. Right, the share of right pairs of query and "
        "label of which the label is among the query's first ten, for the third of the labels that training showed "
        "most often, the next third and the rarest. First variant, means and 95% intervals; references are dashed."
    )


def draw(results: "Results") -> Any:
    variant = results.variants()[0]
    references = {entry.key for entry in results.study.methods if entry.reference}
    panels = []
    for places in (NAMED, BY_FREQUENCY):
        lines = {}
        for method in results.methods(variant):
            found = [results.cells[variant, method].estimate(name) for name in places.values()]
            if len(line := [estimate for estimate in found if estimate is not None]) == len(found):
                lines[method] = line
        panels.append(lines)
    if not any(panels):
        return _style.nothing("No run of this study was made.")
    figure, axes, _ = _style.grid(2, 2, 2.9, sharey=False)
    colours = {method: _style.COLOURS[i % len(_style.COLOURS)] for i, method in enumerate(results.methods(variant))}
    for axis, lines, places in zip(axes, panels, (NAMED, BY_FREQUENCY), strict=True):
        for number, (method, line) in enumerate(lines.items()):
            # a little apart, so that intervals can be told from each other
            at = [place + 0.015 * (number - len(lines) / 2) for place in range(len(line))]
            style, marker = ("--" if method in references else "-"), _style.MARKERS[number % len(_style.MARKERS)]
            means = [e.mean for e in line]
            axis.plot(at, means, marker + style, color=colours[method], markersize=3, linewidth=1, label=method)
            low, high = (
                [e.mean if getattr(e, end) is None else getattr(e, end) for e in line] for end in ("low", "high")
            )
            axis.vlines(at, low, high, color=colours[method], linewidth=0.8, alpha=0.6)
        axis.set_xticks(range(len(places)), list(places))
        axis.grid()
    axes[0].set(xlabel="labels named", ylabel="precision (%)", ylim=(0, None))
    axes[1].set(xlabel="third of the labels", ylabel="recall@10 (%)", ylim=(0, 100))
    _style.legend(figure, axes, columns=5)
    return figure
