"""A metric against each number that variants of a study change, one panel per setting."""

import textwrap
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style, _sweeps

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

LINES = 8
"""More methods than this do not share a panel."""
TICKS = 4
"""So many numbers find room under a small panel."""
TITLE = 30
"""So many characters of a title fit above a panel."""


def applies(study: "Study") -> bool:
    return bool(study.metrics) and _sweeps.declared(study)


def caption(study: "Study") -> str:
    from pipeline.exhibits import labels

    return (
        f"{labels.metric(next(iter(study.metrics)))} against the settings that variants change, mean and 95% interval "
        "of each method. The first variant is a point of every line. A panel's title names what else changes."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import labels, statistics

    metric = next(iter(results.study.metrics))
    panels: dict[tuple[str, ...], list[_sweeps.Sweep]] = {}
    for sweep in _sweeps.find(results):
        panels.setdefault((sweep.name, *sweep.along), []).append(sweep)
    for key, sweeps in list(panels.items()):
        if len(sweeps) > LINES:
            del panels[key]
            panels |= {(*key, sweep.method): [sweep] for sweep in sweeps}
    if not panels:
        return _style.nothing("No variant of this study changes numbers alone.")
    many = len(panels) > LINES
    methods = list(dict.fromkeys(sweep.method for sweeps in panels.values() for sweep in sweeps))
    figure, axes, columns = _style.grid(len(panels), 6 if many else 3, 1.0 if many else 1.9)
    for axis, sweeps in zip(axes, panels.values(), strict=True):
        drawn: list[float] = []
        for sweep in sweeps:
            found = [
                (value, estimate)
                for value, variant in sweep.points
                if (estimate := statistics.mean(results.cells[variant, sweep.method].sample(metric)))
            ]
            if not found:
                continue
            number = 0 if many else methods.index(sweep.method)
            colour, marker = _style.COLOURS[number % len(_style.COLOURS)], _style.MARKERS[number % len(_style.MARKERS)]
            x, means = [value for value, _ in found], [estimate.mean for _, estimate in found]
            drawn += means
            axis.plot(x, means, f"{marker}-", color=colour, markersize=3, linewidth=1, label=sweep.method)
            for value, estimate in found:
                if estimate.low is not None:
                    axis.plot([value] * 2, [estimate.low, estimate.high], color=colour, linewidth=0.8, alpha=0.6)
        places = sorted({value for sweep in sweeps for value, _ in sweep.points})
        if places[0] > 0 and places[-1] >= 8 * places[0]:
            axis.set_xscale("log")
        _style.outliers(axis, drawn)
        if not many or len(places) <= TICKS:
            axis.set_xticks(places, [f"{value:g}" for value in places])
        axis.minorticks_off()
        axis.grid()
        name = labels.words(sweeps[0].name)
        along = f" (with {labels.listing([labels.words(n) for n in sweeps[0].along])})" if sweeps[0].along else ""
        if many:
            _style.title(axis, sweeps[0].method, fontsize=6)
            axis.tick_params(labelsize=5)
        else:
            axis.set_title(textwrap.fill(name + along, TITLE))
        axis.set_xlabel(name, fontsize=6 if many else None)
    for axis in axes[::columns]:
        axis.set_ylabel(labels.metric(metric).lower(), fontsize=5 if many else None)
    if not many:
        _style.legend(figure, axes)
    return figure
