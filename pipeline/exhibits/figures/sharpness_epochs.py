"""The largest eigenvalue of the Hessian by epoch, beside the edges of stability of gradient descent and of SAM."""

import math
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return any(budget.get("track") for budget in study.budget.values())


def caption(study: "Study") -> str:
    return (
        "The largest eigenvalue of the Hessian of the training loss while it trains, mean over seeds and their range. "
        "Dashed: two over the learning rate, where gradient descent's steps begin to grow along the sharpest "
        "direction. Dotted: where those of SAM without normalisation do. Lines that rise to theirs and stay are at the "
        "edge of stability."
    )


def draw(results: "Results") -> Any:
    curves: dict[str, dict[str, list[list[dict[str, Any]]]]] = {}
    for (variant, method), cell in results.cells.items():
        for run in cell.runs:
            rows = [row for row in results.records.history(run) if "lambda_max" in row]
            if rows:
                curves.setdefault(variant, {}).setdefault(method, []).append(rows)
    if not curves:
        return _style.nothing("No run of this study was tracked while it trained.")
    figure, axes, _ = _style.grid(len(curves), 2, 2.6)
    methods = list(dict.fromkeys(method for found in curves.values() for method in found))
    for axis, (variant, found) in zip(axes, curves.items(), strict=True):
        for method, runs in found.items():
            number = methods.index(method)
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            lines = list(zip(*runs, strict=False))
            epochs = [rows[0]["epoch"] for rows in lines]
            values = [[row["lambda_max"] for row in rows] for rows in lines]
            axis.plot(epochs, [sum(each) / len(each) for each in values], color=colour, label=method)
            axis.fill_between(epochs, *zip(*((min(v), max(v)) for v in values), strict=True), color=colour, alpha=0.2)
            edge = 2 / lines[-1][0]["learning_rate"]
            axis.axhline(edge, color="0.4", linestyle="--", linewidth=0.8)
            if rho := lines[-1][0].get("ascent"):
                there = (math.sqrt(1 + 4 * rho * edge) - 1) / (2 * rho)
                axis.axhline(there, color=colour, linestyle=":", linewidth=1.0)
        axis.set_title(variant)
        axis.set_xlabel("epoch")
        axis.grid(axis="y")
    axes[0].set_ylabel("largest eigenvalue")
    _style.legend(figure, axes)
    return figure
