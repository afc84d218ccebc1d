"""In how many variants a method is shown to be better than another, for every pair of methods, where all are."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    from pipeline.exhibits import labels

    return (
        f"In how many of the variants that all methods have the row's is better than the column's by "
        f"{labels.metric(next(iter(study.metrics)))}, less those in which it is worse: where the 95% interval of the "
        "difference, paired by seed and example, lies on one side of zero; of published results, paired by seed. Rows "
        "are sorted by their sums."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    found = pairs(results)
    methods = list(dict.fromkeys(method for pair in found for method in pair))
    if len(methods) < 2:
        return _style.nothing("No two methods of this study share a variant.")
    total = {m: sum(better - worse for (of, _), (better, worse) in found.items() if of == m) for m in methods}
    methods.sort(key=lambda method: -total[method])
    figure = Figure(figsize=(_style.WIDTH, 1.0 + 0.27 * len(methods)))
    axis = figure.subplots()
    most = max(1, *(abs(better - worse) for better, worse in found.values()))
    grid = [
        [
            found[row, column][0] - found[row, column][1] if (row, column) in found else float("nan")
            for column in methods
        ]
        for row in methods
    ]
    drawn = axis.imshow(grid, cmap="PuOr", vmin=-most, vmax=most, aspect="auto")
    axis.set_facecolor(_style.RULE)
    for y, row in enumerate(methods):
        for x, column in enumerate(methods):
            if (row, column) in found:
                better, worse = found[row, column]
                ink = "white" if abs(better - worse) > 0.75 * most else _style.INK
                text = f"+{better} −{worse}"
                axis.text(x, y, text, ha="center", va="center", color=ink, fontsize=6.5)
    axis.set_xticks(
        range(len(methods)), [_style.named(method.replace("_", " ")).replace(" ", "\n") for method in methods]
    )
    axis.set_yticks(range(len(methods)), [_style.named(method.replace("_", " ")) for method in methods])
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figure.colorbar(drawn, ax=axis, label="better less worse (variants)")
    return figure


def pairs(results: "Results") -> dict[tuple[str, str], tuple[int, int]]:
    """(method, other) -> in how many of the variants that all methods have it is better, and in how many worse."""
    from pipeline.exhibits import statistics

    metric, direction = next(iter(results.study.metrics.items()))
    sign = 1 if direction == "higher" else -1
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for variant in results.variants():
        if "methods" in results.study.variants[variant]:
            continue  # which others are not in
        methods = results.methods(variant)
        samples = {method: results.cells[variant, method].sample(metric) for method in methods}
        for place, method in enumerate(methods):
            for other in methods[place + 1 :]:
                estimate = statistics.difference(samples[method], samples[other])
                if estimate is None:
                    continue
                for pair, side in (((method, other), sign), ((other, method), -sign)):
                    better, worse = found.get(pair, (0, 0))
                    won = side * estimate.sign
                    found[pair] = (better + (won > 0), worse + (won < 0))
    return found
