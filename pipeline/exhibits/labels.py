"""How names are printed: metrics by the label of their file, other names with spaces for underscores."""

import math
import re

from pipeline import metrics
from pipeline.errors import UserError

ARROWS = {"higher": "↑", "lower": "↓"}
MINUS = "−"


def metric(name: str) -> str:
    """As a column's head: `linear_top1_1pct` is `Linear probe top-1 (%), 1% of labels`."""
    base, share = label_share(name)
    if share is not None:
        return f"{metric(base)}, {share:g}% of labels"
    found = described(name)
    if found is None:
        return words(name)
    return ", ".join(filter(None, [found.label, words(name[len(found.name) + 1 :])]))


def label_share(name: str) -> tuple[str, float | None]:
    """A metric's name without its suffix, and the percentage of the labels that the suffix states; None for none."""
    found = re.fullmatch(r"(.+?)_(\d+(?:_\d+)?)pct", name)
    return (found[1], float(found[2].replace("_", "."))) if found else (name, None)


def bounds(name: str) -> tuple[float, float]:
    """The least and the greatest value a metric can have."""
    found = described(name)
    return (-math.inf, math.inf) if found is None else found.bounds


def direction(name: str) -> str | None:
    """Which of a metric's values are better, "higher" or "lower"; None where neither is, or nothing is known."""
    found = described(name)
    return None if found is None else found.direction


def described(name: str) -> metrics.Metric | None:
    """The metric's file; None for what only papers report."""
    try:
        return metrics.describe(name)
    except UserError:
        return None


def words(name: str) -> str:
    """With spaces for underscores, and a point between numbers: `pgd_0_05` is `pgd 0.05`."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ")


def number(value: float, decimals: int, sign: bool = False) -> str:
    """A fixed-point number with a true minus sign; zero has none."""
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def short(value: float) -> str:
    """Three significant figures at most, with a true minus sign; zero has none."""
    return f"{value + 0.0:.3g}".replace("-", MINUS)


def rounded(value: float, metric: str) -> str:
    """A metric's value in a sentence: percentages to one decimal, others to three significant figures."""
    found = described(metric)
    return number(value, 1) if found is not None and found.unit == "%" else short(value)


def significant(value: float) -> str:
    """Three significant figures at least: `0.123`, `4.56`, `1234`."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 run`, `3 runs`, `3,000 runs`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """`48 s`, `12 min`, `3.4 h`: two significant figures or so."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def listing(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"
