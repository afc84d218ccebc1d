"""Accuracy by epoch where new classes come in sessions: on all classes, and on the old ones as they are forgotten."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

PANELS = {"test_all": "all classes", "test_old": "old classes alone"}


def applies(study: "Study") -> bool:
    return "forgetting" in study.measured


def caption(study: "Study") -> str:
    return (
        "Accuracy on test images after each epoch, clusters matched to all classes, which includes those that are yet "
        "to come, and to the old ones alone; mean over seeds and their range. The first variant that has sessions; a "
        "step down is where a session begins and prototypes are added."
    )


def draw(results: "Results") -> Any:
    found: dict[str, dict[str, list[list[dict[str, float]]]]] = {}
    for (variant, method), cell in results.cells.items():
        for run in cell.runs:
            rows = [row for row in results.records.history(run) if all(name in row for name in PANELS)]
            if rows:
                found.setdefault(variant, {}).setdefault(method, []).append(rows)
    variant = next((each for each in results.variants() if each in found), "")
    if not variant:
        return _style.nothing("No run of this study with sessions was made here.")
    figure, axes, _ = _style.grid(len(PANELS), 2, 2.4, sharex=True)
    for axis, (name, title) in zip(axes, PANELS.items(), strict=True):
        for number, (method, runs) in enumerate(found[variant].items()):
            _style.band(axis, [[row[name] for row in rows] for rows in runs], number, method)
        axis.set_title(f"{variant}: {title}")
        axis.set_xlabel("epoch")
        axis.grid(axis="y")
    axes[0].set_ylabel("accuracy (%)")
    _style.legend(figure, axes)
    return figure
