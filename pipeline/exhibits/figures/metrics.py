"""Every metric of the study: mean and interval of each method."""

import textwrap
from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.exhibits.tables.model import Block
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return bool(study.metrics)


TOGETHER = 2
"""So many variants share a figure; of more, only the first is drawn."""


def caption(study: "Study") -> str:
    first = next(iter(study.variants))
    only = "" if len(study.variants) <= TOGETHER else f" in variant {first}; the others are in the tables"
    return (
        f"Means and 95% intervals of every method, best first by {labels.metric(next(iter(study.metrics)))}{only}. "
        f"Dotted line: the baseline, {study.baseline}. Filled: the paired difference from the baseline excludes zero, "
        "which overlapping intervals do not rule out."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits.tables import build

    table = build.table(results)
    names = list(table.metrics)
    blocks = table.blocks if len(table.blocks) <= TOGETHER else table.blocks[:1]
    methods = _order(blocks, table.metrics[names[0]])
    place = {method: len(methods) - 1 - i for i, method in enumerate(methods)}
    crowded = len(methods) > 20
    figure, axes, columns = _style.grid(
        len(names), 4 if crowded else 3, 0.75 + (0.13 if crowded else 0.2) * len(methods)
    )
    for number, (axis, name) in enumerate(zip(axes, names, strict=True)):
        for block, shown in enumerate(blocks):
            colour = _style.COLOURS[block % len(_style.COLOURS)]
            shift = (len(blocks) - 1) * 0.11 - block * 0.22
            for row in shown.rows:
                entry = next(entry for entry in row.entries if entry.metric == name)
                at, value = place[row.method] + shift, entry.estimate
                if value is None:
                    if block == 0:
                        axis.text(
                            0.5,
                            at,
                            entry.gap,
                            transform=axis.get_yaxis_transform(),
                            fontsize=6,
                            style="italic",
                            ha="center",
                            va="center",
                        )
                    continue
                if value.low is not None:
                    axis.plot([value.low, value.high], [at, at], color=colour, linewidth=1.1)
                face = colour if entry.differs else "white"
                axis.plot(value.mean, at, "o", color=colour, markerfacecolor=face, markersize=4, markeredgewidth=1)
                if row.baseline:
                    axis.axvline(value.mean, color=colour, linewidth=0.8, linestyle=":", zorder=0)
            axis.plot([], [], "o-", color=colour, markersize=4, label=shown.variant)
        head = textwrap.fill(labels.metric(name), 20) if columns > 3 else labels.metric(name)
        axis.set_title(f"{head} {labels.ARROWS[table.metrics[name]]}")
        axis.set_ylim(-0.6, len(methods) - 0.4)
        axis.set_yticks(list(place.values()), list(place) if number % columns == 0 else [])
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
        if crowded:
            axis.tick_params(axis="y", labelsize=6)
            for at in range(0, len(methods), 2):  # the eye needs help to follow a row
                axis.axhspan(at - 0.5, at + 0.5, color=_style.RULE, alpha=0.35, linewidth=0, zorder=-1)
        axis.xaxis.get_major_locator().set_params(nbins=4 if columns > 3 else 5)
    if len(blocks) > 1:
        _style.legend(figure, axes)
    return figure


def _order(blocks: "list[Block]", direction: str) -> list[str]:
    """All methods, best first by the first metric in the first variant that has them; those without it last."""
    order = -1 if direction == "higher" else 1
    keys: dict[str, tuple[bool, float]] = {}
    for block in blocks:
        for row in block.rows:
            value = row.entries[0].estimate
            keys.setdefault(row.method, (value is None, order * value.mean if value else 0.0))
    return sorted(keys, key=lambda method: keys[method])
