"""Few-shot accuracy against the number of labelled images, and what queries add where classes share them unequally."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

ACCURACY, GAIN, UNEQUAL = "episode_top1", "over_centroid", "query_concentration"
Points = dict[str, list[tuple[Any, Any]]]
"""Line -> where it is measured, and the estimate there."""


def applies(study: "Study") -> bool:
    return any(metric.startswith(ACCURACY) for metric in study.measured)


def caption(study: "Study") -> str:
    unequal = any(UNEQUAL in variant for variant in study.variants.values())
    return (
        "Accuracy in the first variant against the number of labelled images of each class, in episodes of as many "
        "classes; left, methods that build on one trained encoder, right, those that train their own. "
        + "Last, the gain of methods that see all queries at once over the nearest centroid of the same features, with "
        "one labelled image, where classes have equal shares of the queries and where they do not; both in as many "
        "queries. " * unequal + "Mean over seeds and 95% interval."
    )


def draw(results: "Results") -> Any:
    panels = list(_panels(results))
    if not panels:
        return _style.nothing("No run of this study has episodes of several numbers of labelled images.")
    figure, axes, _ = _style.grid(len(panels), 2, 3.3)
    for axis, (title, ylabel, lines) in zip(axes, panels, strict=True):
        places = list(dict.fromkeys(x for points in lines.values() for x, _ in points))
        if all(isinstance(x, int) for x in places):
            places.sort()
        for number, (name, points) in enumerate(lines.items()):
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            # side by side, in equal steps
            aside = 0.3 * (number / max(len(lines) - 1, 1) - 0.5)
            at = [places.index(x) + aside for x, _ in points]
            marker = _style.MARKERS[number % len(_style.MARKERS)]
            dashes = ("-", "--")[number // len(_style.COLOURS) % 2]
            axis.plot(
                at, [e.mean for _, e in points], dashes, marker=marker, color=colour, markersize=3, lw=1, label=name
            )
            for x, (_, estimate) in zip(at, points, strict=True):
                if estimate.low is not None:
                    axis.plot([x, x], [estimate.low, estimate.high], color=colour, linewidth=0.7, alpha=0.6)
        axis.set(title=title, ylabel=ylabel, xlim=(-0.5, len(places) - 0.5))
        axis.set_xticks(range(len(places)), [str(place) for place in places])
        axis.grid(axis="y")
        # above the lines, which are many
        low, high = axis.get_ylim()
        columns = 2 if max(map(len, lines)) < 25 else 1
        axis.set_ylim(low, high + 0.07 * -(-len(lines) // columns) * (high - low))
        axis.legend(fontsize=5, ncols=columns, loc="upper left")
    for axis, (title, _, _) in zip(axes, panels, strict=True):
        axis.set_xlabel("shares of the queries" if title.startswith("gain") else "labelled images of each class")
    return figure


def _panels(results: "Results") -> Iterator[tuple[str, str, Points]]:
    from pipeline.planning import code

    first = next(iter(results.variants()), "")
    frozen: Points = {}
    trained: Points = {}
    for method in results.methods(first) if first else []:
        about, points = code.method(method), _shots(results.cells[first, method])
        if len(points) > 1:
            (frozen if about.builds_on or not about.trains else trained)[method] = points
    for title, lines in (("on one encoder", frozen), ("encoders of their own", trained)):
        if lines:
            yield title, "accuracy (%)", lines
    gains = _gains(results)
    if gains:
        yield "gain from queries", "over the nearest centroid (points)", gains


def _shots(cell: Any) -> list[tuple[int, Any]]:
    """(labelled images, estimate) in episodes of as many classes as the first task has, ascending."""
    tasks = cell.runs[0].settings.get("tasks") or []
    found = {}
    for task in tasks:
        estimate = cell.estimate(f"{ACCURACY}_{task['name']}")
        if task["ways"] == tasks[0]["ways"] and estimate is not None:
            found[task["shots"]] = estimate
    return sorted(found.items(), key=lambda point: point[0])


def _gains(results: "Results") -> Points:
    """Method -> with equal and with unequal shares: of variants with equally many queries, moved by means or not."""
    found: Points = {}
    for variant, changes in results.study.variants.items():
        if UNEQUAL not in changes:
            continue
        beside = {key: value for key, value in changes.items() if key not in (UNEQUAL, "methods", "settings")}
        equal = [
            name
            for name, other in results.study.variants.items()
            if {key: value for key, value in other.items() if key != "methods"} == beside
        ]
        for method in results.methods(variant):
            told = "".join(f", {name} {value}" for name, value in (changes.get("settings") or {}).items())
            cells = [("equal", results.cells.get((name, method))) for name in equal[:1] if not told]
            cells.append(("unequal", results.cells[variant, method]))
            points = [(place, e) for place, cell in cells if cell is not None and (e := _gain(cell)) is not None]
            # what it is a gain over has none
            if points and any(estimate.mean for _, estimate in points):
                found[method + told] = points
    return found


def _gain(cell: Any) -> Any:
    tasks = cell.runs[0].settings.get("tasks") or []
    return cell.estimate(f"{GAIN}_{tasks[0]['name']}") if tasks else None
