"""How names are printed. A name that is not here is printed as it is, with spaces for underscores."""

import math
import re

METRICS = {
    "top1": "Top-1 (%)",
    "top1_best": "Top-1 of the best epoch (%)",
    "worst_class_top1": "Worst-class top-1 (%)",
    "many_top1": "Many-shot top-1 (%)",
    "medium_top1": "Medium-shot top-1 (%)",
    "few_top1": "Few-shot top-1 (%)",
    "memorised": "Wrong labels memorised (%)",
    "noise_auroc": "AUROC of right labels (%)",
    "noise_precision": "Precision of found noise (%)",
    "noise_recall": "Recall of noise (%)",
    "within_class_distance": "Within-class cosine distance",
    "class_separation": "Class separation",
    "nc1": "NC1",
    "orthogonality_gap": "Gap to orthogonal frame",
    "etf_gap": "Gap to simplex ETF",
    "map": "mAP (%)",
    "mae": "MAE (degrees)",
    "gm": "Geometric mean error (degrees)",
    "nll": "NLL (nats)",
    "ece": "ECE (%)",
    "brier": "Brier (%)",
    "error_confidence": "Confidence of errors (%)",
    "linear_top1": "Linear probe top-1 (%)",
    "naive_bayes_top1": "Naive Bayes top-1 (%)",
    "knn_top1": "k-NN top-1 (%)",
    "alignment": "Alignment",
    "uniformity": "Uniformity",
    "tolerance": "Tolerance",
    "effective_rank": "Effective rank",
    "auroc": "AUROC (%)",
    "aupr": "AUPR (%)",
    "fpr95": "FPR95 (%)",
    "error_auroc": "AUROC of errors (%)",
    "error_aupr": "AUPR of errors (%)",
}
BOUNDS = {
    "nll": (0.0, math.inf),
    "alignment": (0.0, 4.0),
    "uniformity": (-math.inf, 0.0),
    "effective_rank": (1.0, math.inf),
    "tolerance": (-1.0, 1.0),
    "brier": (0.0, 200.0),
    "ece": (0.0, 100.0),
    "error_confidence": (0.0, 100.0),
    "memorised": (0.0, 100.0),
    "suspected": (0.0, 100.0),
    "noise_precision": (0.0, 100.0),
    "noise_recall": (0.0, 100.0),
    "map": (0.0, 100.0),
    "within_class_distance": (0.0, 2.0),
    "class_separation": (-math.inf, 1.0),
    "nc1": (0.0, math.inf),
    "orthogonality_gap": (0.0, 2.0),
    "etf_gap": (0.0, 2.0),
    "class_mean_cosine": (-1.0, 1.0),
    "gm": (0.0, math.inf),
    "mae": (0.0, math.inf),
}
PERCENT = ("top1", "auroc", "aupr", "fpr95")
"""Words of a metric's name that say it is a percentage, as in `linear_top1` or `auroc_digits`."""
ARROWS = {"higher": "↑", "lower": "↓"}
MINUS = "−"


def metric(name: str) -> str:
    """As a column's head: `linear_top1_1pct` is `Linear probe top-1 (%), 1% of labels`."""
    base, share = label_share(name)
    if share is not None:
        return f"{metric(base)}, {share:g}% of labels"
    known = max((key for key in METRICS if name == key or name.startswith(f"{key}_")), key=len, default=None)
    if known is None:
        return words(name)
    return ", ".join(filter(None, [METRICS[known], words(name[len(known) + 1 :])]))


def label_share(name: str) -> tuple[str, float | None]:
    """A metric's name without its suffix, and the percentage of the labels that the suffix states; None for none."""
    found = re.fullmatch(r"(.+?)_(\d+(?:_\d+)?)pct", name)
    return (found[1], float(found[2].replace("_", "."))) if found else (name, None)


def bounds(name: str) -> tuple[float, float]:
    """The least and the greatest value a metric can have."""
    if any(word in name for word in PERCENT):
        return 0.0, 100.0
    return BOUNDS.get(name, (-math.inf, math.inf))


def words(name: str) -> str:
    return name.replace("_", " ")


def number(value: float, decimals: int, sign: bool = False) -> str:
    """A fixed-point number with a true minus sign; zero has none."""
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


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
