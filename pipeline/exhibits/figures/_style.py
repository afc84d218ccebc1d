"""The look that the figures share: quiet axes, colours that survive colour-blindness and both page backgrounds."""

import contextlib
from collections.abc import Iterator
from typing import Any

INK = "#1f2430"
"""Text and axes; the report replaces it by its own text colour."""
RULE = "#d5d9e0"
"""Grids; replaced likewise."""
# Okabe and Ito 2008, without black and yellow
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
WIDTH = 6.75
"""Inches: two columns of a paper."""


@contextlib.contextmanager
def applied(salt: str) -> Iterator[None]:
    """matplotlib's settings for one figure; `salt` makes the ids in its SVG repeatable."""
    import matplotlib as mpl

    settings: Any = {
        "backend": "agg",
        "svg.hashsalt": salt,
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.axisbelow": True,
        "axes.facecolor": "none",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "savefig.dpi": 200,
        "figure.constrained_layout.use": True,
        "grid.color": RULE,
        "grid.linewidth": 0.5,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "legend.frameon": False,
        "legend.fontsize": 7,
        "lines.linewidth": 1.4,
    }
    with mpl.rc_context(settings):
        yield


def grid(panels: int, most: int, height: float, **subplots: Any) -> tuple[Any, list[Any], int]:
    """A figure, its `panels` axes, and how many there are a row: at most `most`, rows as even as can be.

    Each row is `height` inches.
    """
    from matplotlib.figure import Figure

    rows = -(-panels // most)
    columns = -(-panels // rows)
    figure = Figure(figsize=(WIDTH, rows * height))
    axes = figure.subplots(rows, columns, squeeze=False, **subplots).ravel()
    for axis in axes[panels:]:
        axis.remove()
    return figure, list(axes[:panels]), columns


def nothing(reason: str) -> Any:
    """A figure that says why it shows nothing."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 1.2))
    figure.text(0.5, 0.5, reason, ha="center", va="center", style="italic")
    return figure
