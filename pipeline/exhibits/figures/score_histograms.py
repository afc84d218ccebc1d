"""How a detector's scores spread over known and unknown inputs, one panel per method."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

BINS = 40


def applies(study: "Study") -> bool:
    return "auroc" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Scores of known test examples (filled) and of each set of unknown ones (lines), first seed, each normalised "
        "to the same area; higher means known. The axis spans the middle 98% of all scores of the panel. "
        "The less the two overlap, the better the method tells them apart."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    panels = []
    for variant in results.variants():
        for method in results.methods(variant):
            arrays: dict[str, Any] = next(iter(results.cells[variant, method].examples.values()), {})
            scores = {n.removeprefix("score_"): a.astype(float) for n, a in arrays.items() if n.startswith("score_")}
            scores = {name: kept for name, a in scores.items() if len(kept := a[np.isfinite(a)])}
            if len(scores) > 1 and "known" in scores:
                panels.append((method, variant, scores))
    if not panels:
        return _style.nothing("No run of this study stored scores.")
    sets = sorted({name for _, _, scores in panels for name in scores} - {"known"})
    several = len({variant for _, variant, _ in panels}) > 1
    figure, axes, _ = _style.grid(len(panels), 3, 1.35)
    for axis, (method, variant, scores) in zip(axes, panels, strict=True):
        low, high = np.quantile(np.concatenate(list(scores.values())), [0.01, 0.99])
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        spread = {name: np.histogram(np.clip(a, low, high), edges, density=True)[0] for name, a in scores.items()}
        axis.stairs(spread["known"], edges, fill=True, color=_style.COLOURS[0], alpha=0.35, label="known")
        for number, name in enumerate(sets, 1):
            if name in spread:
                colour = _style.COLOURS[number % len(_style.COLOURS)]
                axis.stairs(spread[name], edges, color=colour, linewidth=1, label=_style.named(name.replace("_", " ")))
        # one crowded bin, such as scores at their ceiling, must not flatten the rest
        heights = np.sort(np.concatenate(list(spread.values())))
        axis.set_ylim(0, 1.05 * min(heights[-1], 3 * max(heights[int(0.95 * len(heights))], 1e-12)))
        axis.set_title(f"{method} ({variant})" if several else method)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.xaxis.get_major_locator().set_params(nbins=5)
    found = {label: h for axis in axes for h, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(list(found.values()), list(found), loc="outside upper right", ncols=len(found))
    return figure
