"""The look that the figures share: quiet axes, colours that survive colour-blindness, on white."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

INK = "#1f2430"
"""Text and axes."""
RULE = "#d5d9e0"
"""Grids."""
# Okabe and Ito 2008, without black and yellow
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
MARKERS = "os^Dv<>P"
DASHES: Any = ["-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1))]
SOFT = "#8a93a3"
"""What stands back: points beside those that matter, and lines from a point to its name."""
WIDTH = 6.75
"""Inches: two columns of a paper."""
TITLE = 20
"""So many letters of a title find room above a narrow panel."""
LONGEST = 24
"""Letters of a name from data, such as a class's: more leave no room for what is drawn."""


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
        # the same, so that what was laid out once fits when it is saved
        "figure.dpi": 200,
        "savefig.dpi": 200,
        "figure.constrained_layout.use": True,
        "grid.color": RULE,
        "grid.linewidth": 0.5,
        "text.color": INK,
        # a name such as `$5_to_$10` is no formula
        "text.parse_math": False,
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
    with mpl.rc_context(settings), warnings.catch_warnings():
        # a sign that the font lacks is drawn as a box
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def named(text: str) -> str:
    """A name from data, as a figure shows it: on one line, in letters that a file may hold, and cut where it is long.

    It begins with a space where it would begin with an underscore: matplotlib's legends leave such names out.
    """
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST - 1]}…"
    return f" {shown}" if shown.startswith("_") or not shown else shown


def title(axis: Any, name: str, **text: Any) -> None:
    """A panel's title, on two lines where it is long: broken after an underscore."""
    cut = name.rfind("_", 0, TITLE) + 1 if len(name) > TITLE else 0
    axis.set_title(f"{name[:cut]}\n{name[cut:]}" if cut else name, **text)


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


def legend(figure: Any, axes: Iterable[Any], columns: int = 6) -> None:
    """One legend of all panels above them, where anything has a label, in as many columns as find room."""
    found = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    for count in range(min(columns, len(found)), 0, -1):
        drawn = figure.legend(list(found.values()), list(found), loc="outside upper right", ncols=count)
        if count == 1 or drawn.get_window_extent().width <= figure.bbox.width:
            return
        drawn.remove()


def logarithmic(axis: Any, which: str) -> None:
    """Make "x" or "y" of what is plotted a logarithmic scale, its numbers as in 0.01: formulas are not set here."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(axis, f"set_{which}scale")("log")
    low, high = getattr(axis, f"get_{which}lim")()
    side = getattr(axis, f"{which}axis")
    side.set_major_locator(LogLocator(subs=(1.0, 3.0) if high < 30 * low else (1.0,), numticks=5))
    side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    side.set_minor_formatter(NullFormatter())


def outliers(axis: Any, values: Sequence[float]) -> None:
    """A logarithmic "y" where one of the values drawn would flatten the others: they are positive, and it is a thousand
    times the usual one."""
    from statistics import median

    if values and min(values) > 0 and max(values) > 1000 * median(values):
        logarithmic(axis, "y")


def band(axis: Any, runs: Sequence[Sequence[float]], number: int, label: str) -> str:
    """Mean over runs of what each had after every epoch, and their range; the colour, which `number` decides.

    Runs that diverged are shorter: each epoch is summarised over the runs that reached it.
    """
    colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
    epochs = [[run[epoch] for run in runs if len(run) > epoch] for epoch in range(max(map(len, runs)))]
    places = range(1, len(epochs) + 1)
    axis.plot(places, [sum(e) / len(e) for e in epochs], color=colour, linestyle=dashes, label=label)
    axis.fill_between(places, [min(e) for e in epochs], [max(e) for e in epochs], color=colour, alpha=0.2, lw=0)
    return colour


def name_points(axis: Any, points: Sequence[tuple[float, float, str]], size: float = 5.5, **text: Any) -> None:
    """Write each point's name (x, y, name) where it hides no point and no name, nearest first; a line where it is far.

    Earlier points choose first. Limits and size of the axis must be final: a later change moves points, not names.
    """
    import math

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.patheffects import withStroke

    figure, halo = axis.figure, [withStroke(linewidth=1.5, foreground="white")]
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    frame = axis.get_window_extent(renderer)
    point = figure.dpi / 72  # pixels
    drawn = [axis.transData.transform((x, y)) for x, y, _ in points]
    half = 1.5 * point
    dots = [(x - half, y - half, x + half, y + half) for x, y in drawn]
    taken: list[tuple[float, float, float, float]] = []
    for number, (x, y, name) in enumerate(points):
        note = axis.annotate(name, (x, y), fontsize=size, annotation_clip=False, **text)
        note.set_in_layout(False)
        extent = note.get_window_extent(renderer)
        wide, high = extent.width, extent.height
        (px, py), best = drawn[number], (math.inf, 0.0, 0.0, 0.0)
        for radius in (3.5, 6, 10, 14, 20, 27, 36, 46):
            for turn in range(0, 360, 45 if radius < 6 else 30):
                cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
                left = px + radius * point * cos + (cos - 1) * wide / 2
                low = py + radius * point * sin + (sin - 1) * high / 2
                box = (left, low, left + wide, low + high)
                outside = box[0] < frame.x0 or box[2] > frame.x1 or box[1] < frame.y0 or box[3] > frame.y1
                hidden = sum(_overlap(box, other) for other in (*taken, *dots[:number], *dots[number + 1 :]))
                best = min(best, (hidden + 1e4 * outside, left, low, radius))
            if best[0] == 0:
                break
        _, left, low, radius = best
        taken.append((left, low, left + wide, low + high))
        note.remove()
        far = {"arrowprops": {"arrowstyle": "-", "color": SOFT, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 1.5}}
        axis.annotate(
            name,
            (x, y),
            ((left + wide / 2 - px) / point, (low + high / 2 - py) / point),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            annotation_clip=False,
            path_effects=halo,
            **(far if radius > 6 else {}),
            **text,
        ).set_in_layout(False)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The area that two boxes (left, low, right, high) share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def nothing(reason: str) -> Any:
    """A figure that says why it shows nothing."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 1.2))
    figure.text(0.5, 0.5, reason, ha="center", va="center", style="italic")
    return figure
