"""How far above its minimum the risk of training is, against passes over the data."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

METRIC = "risk_course"


def applies(study: "Study") -> bool:
    return METRIC in study.measured


def caption(study: "Study") -> str:
    return (
        "Distance of the risk from its minimum, over that at the start, after each tenth of training; a pass has as "
        "many gradients as there are training examples. Line: mean of the logarithms over seeds; bar: 95% interval."
    )


def draw(results: "Results") -> Any:
    cells = {place: cell for place, cell in results.cells.items() if f"{METRIC}_100" in cell.metrics}
    variants = [each for each in results.variants() if sum(variant == each for variant, _ in cells) > 1]
    if not variants:
        return _style.nothing("No run of this study has a course of its risk.")
    ceiling = results.study.ceiling
    methods = [entry.key for entry in results.study.methods if ceiling is None or entry.key != ceiling.method]
    figure, axes, columns = _style.grid(len(variants), 4, 1.9)
    for axis, variant in zip(axes, variants, strict=True):
        for number, method in enumerate(methods):
            if (variant, method) not in cells:
                continue
            cell = cells[variant, method]
            passes = int(cell.runs[0].settings["epochs"])
            points = [(0, 0.0)]
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            for tenth in range(1, 11):
                found = cell.estimate(f"{METRIC}_{10 * tenth}")
                if found is None:
                    continue
                points.append((round(passes * tenth / 10), found.mean))
                if found.low is not None:
                    axis.plot([points[-1][0]] * 2, [found.low, found.high], color=colour, linewidth=0.7, alpha=0.6)
            axis.plot(
                [x for x, _ in points],
                [y for _, y in points],
                color=colour,
                marker=_style.MARKERS[number % len(_style.MARKERS)],
                markersize=3,
                label=method,
            )
        axis.set_title(variant)
        axis.grid()
    for axis in axes[-columns:]:
        axis.set_xlabel("passes")
    for axis in axes[::columns]:
        axis.set_ylabel("log10 of the gap")
    _style.legend(figure, axes, 4)
    return figure
