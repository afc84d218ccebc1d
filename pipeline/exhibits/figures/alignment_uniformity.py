"""The plane in which Wang and Isola (2020, figure 5) place self-supervised encoders."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.settings import Study

MARKERS = "os^Dv<>P"


def applies(study: "Study") -> bool:
    return {"alignment", "uniformity"} <= set(study.metrics)


def caption(study: "Study") -> str:
    return (
        "Alignment (mean squared distance of two views' features) against uniformity (log mean Gaussian potential); "
        "for both, lower is better, so the lower left is best. One point per method and variant, the mean of its "
        "seeds; the seeds themselves are the small dots."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.75 * _style.WIDTH, 3.1))
    axis = figure.subplots()
    methods = [entry.key for entry in results.study.methods]
    variants = results.variants()
    for (variant, method), cell in results.cells.items():
        x, y = (cell.sample(name).values for name in ("uniformity", "alignment"))
        seeds = [seed for seed in x if seed in y]
        if not seeds:
            continue
        number = methods.index(method)
        colour, marker = _style.COLOURS[number % len(_style.COLOURS)], MARKERS[number % len(MARKERS)]
        first = variants.index(variant) == 0
        name = method if first else f"{method} ({variant})"
        axis.plot([x[s] for s in seeds], [y[s] for s in seeds], ".", color=colour, markersize=2.5, alpha=0.6)
        middle = [sum(values[s] for s in seeds) / len(seeds) for values in (x, y)]
        face = colour if first else "none"
        axis.plot(*middle, marker, color=colour, markerfacecolor=face, markersize=6, linestyle="none", label=name)
    if not axis.lines:
        return _style.nothing("No run of this study has both alignment and uniformity.")
    axis.set_xlabel("uniformity (lower is better)")
    axis.set_ylabel("alignment (lower is better)")
    axis.grid()
    figure.legend(loc="outside right center")
    return figure
