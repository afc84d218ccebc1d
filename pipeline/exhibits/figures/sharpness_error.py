"""Whether flat minima are better ones: test error against each measure of sharpness, a point a run."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

MEASURES = (
    "lambda_max",
    "hessian_trace",
    "sam_sharpness",
    "random_sharpness",
    "adaptive_sharpness",
    "gradient_flatness",
)
FEWEST = 4


def applies(study: "Study") -> bool:
    return "top1" in study.metrics and MEASURES[0] in study.metrics


def caption(study: "Study") -> str:
    return (
        "Test error of each run against measures of the sharpness of its training loss, both on all runs of a variant, "
        "with the rank correlation (Spearman) over them: near one where flatter minima are better. Sharpness on a "
        "logarithmic scale; runs in which a measure is not above zero are left out of its panel. Variants with the "
        f"most methods, at most three; the baseline, {study.baseline}, as crosses."
    )


def draw(results: "Results") -> Any:
    from scipy.stats import spearmanr

    from pipeline.exhibits import labels

    variants = _largest(results)
    measures = [each for each in MEASURES if each in results.study.measured]
    figure, axes, columns = _style.grid(len(measures), 3, 2.1)
    drawn = False
    for axis, measure in zip(axes, measures, strict=True):
        titles = []
        for number, variant in enumerate(variants):
            points = _points(results, variant, measure)
            if len(points) < FEWEST:
                continue
            drawn = True
            colour = _style.COLOURS[number]
            for marker, base in (("o", False), ("x", True)):
                own = [(across, up) for across, up, of in points if of is base]
                if own:
                    label = {} if base else {"label": variant}
                    axis.plot(*zip(*own, strict=True), marker, color=colour, markersize=3, linestyle="none",
                              markerfacecolor="none", markeredgewidth=0.7, **label)  # fmt: skip
            across, up, _ = zip(*points, strict=True)
            titles.append(f"{spearmanr(across, up).statistic:+.2f}")
        axis.set_title(f"{labels.words(measure)}\n{', '.join(titles) or 'no runs'}", fontsize=7)
        _style.logarithmic(axis, "x")
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("test error (%)")
    if not drawn:
        return _style.nothing(f"No variant of this study has {FEWEST} runs with a sharpness.")
    _style.legend(figure, axes)
    return figure


def _largest(results: "Results") -> list[str]:
    """The variants with the most methods, in the study's order."""
    variants = results.variants()
    counts = {variant: len(results.methods(variant)) for variant in variants}
    chosen = sorted(variants, key=lambda variant: (-counts[variant], variants.index(variant)))[:3]
    return [variant for variant in variants if variant in chosen]


def _points(results: "Results", variant: str, measure: str) -> list[tuple[float, float, bool]]:
    """Sharpness, test error and whether it is the baseline's, of each run that has both."""
    found = []
    for method in results.methods(variant):
        cell = results.cells[variant, method]
        sharp, right = cell.sample(measure).values, cell.sample("top1").values
        base = method == results.study.baseline
        found += [(sharp[s], 100.0 - right[s], base) for s in sorted(sharp) if s in right and sharp[s] > 0]
    return found
