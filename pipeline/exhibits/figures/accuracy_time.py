"""What accuracy costs: accuracy against the time that training took."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

METRICS = {"linear_top1": "linear_top1", "top1": "step_cost"}
"""Accuracy -> what the study's table has too where this figure is asked for."""


def applies(study: "Study") -> bool:
    return any(accuracy in study.metrics and also in study.metrics for accuracy, also in METRICS.items())


def _accuracy(study: "Study") -> str:
    return next(accuracy for accuracy in METRICS if accuracy in study.metrics)


def caption(study: "Study") -> str:
    from pipeline.exhibits import labels

    return (
        f"{labels.metric(_accuracy(study))} against the seconds that training took (mean over seeds, first variant). "
        "The seconds are measured, and so differ from machine to machine and from run to run. The stairs join the "
        f"methods that no other beats in both; the baseline, {study.baseline}, is larger. Dashed: encoders that were "
        "not trained."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    from pipeline.exhibits import labels

    variant, accuracy = results.variants()[0], _accuracy(results.study)
    ranked = {entry.key: not entry.reference for entry in results.study.methods}
    points: dict[str, tuple[float, float]] = {}
    untrained: dict[str, float] = {}
    for method in results.methods(variant):
        cell = results.cells[variant, method]
        values, seconds = cell.sample(accuracy).values, cell.epoch_seconds
        both = [seed for seed in values if seed in seconds]
        if both:
            points[method] = (sum(sum(seconds[s]) for s in both) / len(both), sum(values[s] for s in both) / len(both))
        elif values and not seconds:
            untrained[method] = sum(values.values()) / len(values)
    if not points:
        return _style.nothing("No run of this study has both an accuracy and a training history.")
    figure = Figure(figsize=(_style.WIDTH, 4.4))
    axis = figure.subplots()
    # from the fastest: each one that is better than all before
    front: list[str] = []
    for method in sorted(points, key=lambda m: (points[m][0], -points[m][1])):
        if ranked[method] and (not front or points[method][1] > points[front[-1]][1]):
            front.append(method)
    x, y = ([points[m][place] for m in front] for place in (0, 1))
    axis.step(x, y, where="post", color=_style.COLOURS[2], linewidth=1, zorder=1)
    for method, point in points.items():
        base = method == results.study.baseline
        colour = _style.COLOURS[1] if base else _style.COLOURS[2] if method in front else _style.COLOURS[0]
        face = colour if ranked[method] else "none"
        axis.plot(*point, "o", color=colour, markerfacecolor=face, markersize=5 if base else 3.5)
    for method, value in untrained.items():
        axis.axhline(value, color=_style.INK, linewidth=0.8, linestyle="--", zorder=0)
        axis.annotate(method, (1, value), (0, 2), xycoords=axis.get_yaxis_transform(), textcoords="offset points",
                      ha="right", va="bottom", fontsize=5.5)  # fmt: skip
    axis.set(xlabel="seconds of training per run", ylabel=labels.metric(accuracy).lower())
    axis.margins(0.08)
    axis.grid()
    first = [results.study.baseline, *front]
    order = sorted(points, key=lambda m: first.index(m) if m in first else len(first))
    _style.name_points(axis, [(*points[method], method) for method in order])
    return figure
