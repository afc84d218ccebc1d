"""The first metric against the share of the data that is kept: the baseline's band, a line for each other method."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style, _sweeps

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

SHARE = "share"
"""The setting of a method."""
Point = tuple[float, Any]


def applies(study: "Study") -> bool:
    shares = {variant.get("settings", {}).get(SHARE) for variant in study.variants.values()}
    return bool(study.metrics) and len(shares - {None}) > 1


def caption(study: "Study") -> str:
    from pipeline.exhibits import labels

    return (
        f"{labels.metric(next(iter(study.metrics)))} against the share of the training examples that a method keeps or "
        "that it treats otherwise than the rest, mean and 95% interval; a panel for each way of training where the "
        f"share is varied. The grey band is the baseline's, {study.baseline}, by which any choice is to be judged."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import labels

    metric = next(iter(results.study.metrics))
    panels = found(results, metric)
    if not panels:
        return _style.nothing("No method of this study keeps more than one share of the data.")
    names = [entry.key for entry in results.study.methods if entry.key != results.study.baseline]
    figure, axes, columns = _style.grid(len(panels), 3, 2.3, sharey=True)
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for method, points in lines.items():
            shares, means = [share for share, _ in points], [estimate.mean for _, estimate in points]
            low, high = (
                [getattr(e, end) if e.low is not None else e.mean for _, e in points] for end in ("low", "high")
            )
            if method == results.study.baseline:
                axis.fill_between(shares, low, high, color=_style.SOFT, alpha=0.35, linewidth=0)
                axis.plot(shares, means, "--", color=_style.INK, linewidth=1, label=method)
                continue
            number = names.index(method)
            colour, marker = _style.COLOURS[number % len(_style.COLOURS)], _style.MARKERS[number % len(_style.MARKERS)]
            axis.plot(shares, means, f"{marker}-", color=colour, markersize=3, linewidth=1, label=method)
            axis.vlines(shares, low, high, color=colour, linewidth=0.8, alpha=0.6)
        axis.set_title(title)
        axis.set_xscale("log")
        places = sorted({share for points in lines.values() for share, _ in points})
        axis.set_xticks(places, [f"{100 * share:g}%" for share in places])
        axis.minorticks_off()
        axis.grid()
        axis.set_xlabel("share of the training examples")
    for axis in axes[::columns]:
        axis.set_ylabel(labels.metric(metric).lower())
    _style.legend(figure, axes)
    return figure


def found(results: "Results", metric: str) -> dict[str, dict[str, list[Point]]]:
    """Panel -> method -> (share, estimate), ascending: of runs that differ in the share alone, where there are several.

    Where a method's other settings differ too, the line is of those with which it has most shares.
    """
    groups: dict[str, dict[str, dict[str, dict[float, Any]]]] = {}
    titles: dict[str, str] = {}
    first: dict[str, Any] = {}
    for variant in results.variants():
        for method in results.methods(variant):
            cell: Cell = results.cells[variant, method]
            settings = cell.runs[0].settings
            own, rest = dict(settings["method"]), {key: value for key, value in settings.items() if key != "method"}
            # each method has a learning rate of its own
            rest["optimizer"] = {**(rest.get("optimizer") or {}), "learning_rate": None}
            share, estimate = own.pop(SHARE, None), cell.estimate(metric)
            if share is None or estimate is None:
                continue
            budget, other = (json.dumps(values, sort_keys=True) for values in (rest, own))
            first = first or rest
            titles.setdefault(budget, _title(rest, first) or variant)
            groups.setdefault(budget, {}).setdefault(method, {}).setdefault(other, {})[share] = estimate
    panels = {
        titles[budget]: {
            method: sorted(most.items())
            for method, kinds in methods.items()
            if len(most := max(kinds.values(), key=len)) > 1
        }
        for budget, methods in groups.items()
    }
    return {title: lines for title, lines in panels.items() if lines}


def _title(budget: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """What sets a budget apart from the first, where it is one thing."""
    here, there = _sweeps._flat(budget), _sweeps._flat(first)
    changed = [key for key in here if here[key] != there.get(key) and here[key] != []]
    return f"{changed[0].replace('.', ' ').replace('_', ' ')} {here[changed[0]]}" if len(changed) == 1 else ""
