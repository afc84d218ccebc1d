"""Accuracy against labels bought, for each way of choosing them."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

METRIC = "bought_top1"
DASHES = ("-", "--", ":")


def applies(study: "Study") -> bool:
    return METRIC in study.measured


def caption(study: "Study") -> str:
    ceiling = f" Dotted: with {study.ceiling.variant.replace('_', ' ')}." if study.ceiling else ""
    return (
        "Accuracy on the test examples against labels bought, mean over seeds, in each variant with more than one "
        f"round; the band is the 95% interval of the baseline, {study.baseline}, in black.{ceiling}"
    )


def draw(results: "Results") -> Any:
    found = {place: _points(cell) for place, cell in results.cells.items()}
    found = {place: points for place, points in found.items() if len(points) > 2}
    if not found:
        return _style.nothing("No run of this study bought labels in rounds.")
    variants = [variant for variant in results.study.variants if any(v == variant for v, _ in found)]
    others = [entry.key for entry in results.study.methods if entry.key != results.study.baseline]
    figure, axes, columns = _style.grid(len(variants), 3, 1.75)
    for axis, variant in zip(axes, variants, strict=True):
        for number, method in enumerate(others):
            points = found.get((variant, method), [])
            style = {
                "color": _style.COLOURS[number % len(_style.COLOURS)],
                "linestyle": DASHES[number // len(_style.COLOURS) % len(DASHES)],
            }
            if points:
                axis.plot([x for x, _ in points], [e.mean for _, e in points], linewidth=1.1, label=method, **style)
        baseline = found.get((variant, str(results.study.baseline)), [])
        if baseline:
            _banded(axis, baseline, str(results.study.baseline))
        _ceiling(axis, results, variant)
        heights = [height for line in axis.lines for height in line.get_ydata()]
        room = 0.08 * (max(heights) - min(heights)) or 1.0
        axis.set_ylim(min(heights) - room, max(heights) + room)  # a band that is wide at the start flattens no line
        axis.set_title(_style.named(variant.replace("_", " ")))
        axis.grid()
    for axis in axes[-columns:]:
        axis.set_xlabel("labels bought")
    for axis in axes[::columns]:
        axis.set_ylabel("top-1 (%)")
    _style.legend(figure, axes, 5)
    return figure


def _banded(axis: Any, points: list[tuple[int, Any]], label: str) -> None:
    axis.plot([x for x, _ in points], [e.mean for _, e in points], color=_style.INK, linewidth=1.4, label=label)
    known = [(x, e.low, e.high) for x, e in points if e.low is not None]
    if known:
        axis.fill_between(*zip(*known, strict=True), color=_style.INK, alpha=0.15, linewidth=0)


def _ceiling(axis: Any, results: "Results", variant: str) -> None:
    """A line where the ceiling lies, in the variant that has its data: the first."""
    ceiling = results.study.ceiling
    cell = results.cells.get((ceiling.variant, ceiling.method)) if ceiling else None
    estimate = cell.estimate("top1") if cell and variant == results.variants()[0] else None
    if estimate is not None:
        axis.axhline(estimate.mean, color=_style.SOFT, linestyle=":", linewidth=1)


def _points(cell: "Cell") -> list[tuple[int, Any]]:
    """(labels bought, estimate of accuracy), ascending."""
    prefix = f"{METRIC}_"
    counts = sorted(int(name.removeprefix(prefix)) for name in cell.metrics if name.startswith(prefix))
    found = [(count, cell.estimate(f"{prefix}{count}")) for count in counts]
    return [(count, estimate) for count, estimate in found if estimate is not None]
