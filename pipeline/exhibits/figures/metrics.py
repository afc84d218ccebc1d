"""Every metric of the study: mean and interval of each method."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.settings import Study


def applies(study: "Study") -> bool:
    return True


def caption(study: "Study") -> str:
    return (
        f"Means and 95% intervals of every method. Dotted line: the baseline, {study.baseline}. Filled: the paired "
        "difference from the baseline excludes zero, which overlapping intervals do not rule out."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import labels, tables

    table = tables.build(results)
    methods = [entry.key for entry in results.study.methods]
    place = {method: len(methods) - 1 - i for i, method in enumerate(methods)}
    names = list(table.metrics)
    figure, axes, columns = _style.grid(len(names), 3, 0.75 + 0.2 * len(methods))
    for number, (axis, name) in enumerate(zip(axes, names, strict=True)):
        for block, shown in enumerate(table.blocks):
            colour = _style.COLOURS[block % len(_style.COLOURS)]
            shift = (len(table.blocks) - 1) * 0.11 - block * 0.22
            for row in shown.rows:
                entry = next(entry for entry in row.entries if entry.metric == name)
                at, value = place[row.method] + shift, entry.estimate
                if value is None:
                    if len(table.blocks) == 1 or block == 0:
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
        axis.set_title(f"{labels.metric(name)} {labels.ARROWS[table.metrics[name]]}")
        axis.set_ylim(-0.6, len(methods) - 0.4)
        axis.set_yticks(list(place.values()), list(place) if number % columns == 0 else [])
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
        axis.xaxis.get_major_locator().set_params(nbins=5)
    if len(table.blocks) > 1:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(table.blocks))
    return figure
