"""Fill the generated blocks of README.md and docs/ from results/, so that their numbers are those of the last runs.

A block is what stands between `<!-- NAME -->` and `<!-- end -->`; NAME is `summary:STUDY` (its default variant by the
first metric), `search:STUDY` (its search of learning rates) or `verdicts`. `python docs/fill.py` writes the files; with
`--check` it writes nothing and exits with 1 where one is out of date. A search is skipped where it has not been run.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "README.md", ROOT / "docs/results.md", ROOT / "docs/search.md"]
BLOCK = re.compile(r"(<!-- (\w+)(?::(\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)
SHOWN = {
    "ssl": {"linear_top1": "linear probe", "linear_top1_1pct": "with 1% of labels", "knn_top1": "k-NN"},
    "classification": {"top1": "top-1", "nll": "NLL", "ece": "ECE", "within_class_distance": "within-class distance"},
    "noisy_labels": {"top1": "top-1, last epoch", "top1_best": "best epoch", "memorised": "wrong labels memorised"},
    "long_tail": {"top1": "top-1", "many_top1": "many-shot", "medium_top1": "medium-shot", "few_top1": "few-shot"},
    "ood": {"fpr95": "FPR95", "auroc": "AUROC", "error_auroc": "AUROC of errors", "top1_shifted": "top-1, shifted"},
    "partial_labels": {"map": "mAP"},
    "imbalanced_regression": {"mae": "MAE (degrees)", "mae_many": "many-shot", "mae_few": "few-shot"},
}
"""The columns of a study's block; the first orders the rows."""
LOWER = ("fpr95", "mae")
FINE = ("nll", "within_class_distance")
"""Metrics of the order of 1, which want more decimals."""


def rows(path: str) -> list[dict[str, str]]:
    with (ROOT / "results" / path).open(newline="") as stream:
        return list(csv.DictReader(stream))


def markdown(heads: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [heads, rule, *lines])


def summary(study: str, variant: str = "default") -> str:
    """A variant's means and 95% intervals, best first."""
    found = [row for row in rows(f"tables/{study}.csv") if row["variant"] == variant]
    cells = {(row["method"], row["metric"]): row for row in found}
    columns = SHOWN[study]
    first = next(iter(columns))
    order = 1 if first in LOWER else -1
    means = {m: cells[m, first]["mean"] for m in {row["method"] for row in found}}
    ranked = sorted(means, key=lambda m: (not means[m], order * float(means[m] or 0), m))

    def text(method: str, metric: str) -> str:
        row = cells.get((method, metric), {"status": "-"})
        if row["status"] != "ok":
            return row["status"]
        digits = 2 if metric in FINE else 1
        mean, low, high = (f"{float(row[name]):.{digits}f}" for name in ("mean", "ci_low", "ci_high"))
        return f"{mean} [{low}, {high}]"

    lines = [[f"`{method}`", *(text(method, metric) for metric in columns)] for method in ranked]
    return markdown(["method", *columns.values()], lines)


def search(study: str) -> str:
    """Every method's score at every rate, the best one bold."""
    first = next(iter(SHOWN[study]))
    found = [row for row in rows(f"tables/{study}_search.csv") if row["metric"] == first]
    scores: dict[str, dict[str, float | None]] = {}
    for row in found:
        rate = row["variant"].split("rate_")[1].replace("p", ".")
        scores.setdefault(row["method"], {})[rate] = float(row["mean"]) if row["status"] == "ok" else None
    rates = sorted({rate for each in scores.values() for rate in each}, key=float)
    lines = []
    for method, each in sorted(scores.items()):
        known = [score for score in each.values() if score is not None]
        best = (min if first in LOWER else max)(known, default=None)
        texts = [
            "-" if score is None else f"**{score:.1f}**" if score == best else f"{score:.1f}"
            for score in map(each.get, rates)
        ]
        lines.append([f"`{method}`", *texts])
    return markdown(["method", *rates], lines)


def verdicts() -> str:
    """How many claims of papers/ got which verdict."""
    counts = Counter(row["verdict"] for row in rows("claims.csv"))
    kinds = ("supported", "contradicted", "inconclusive", "not_tested")
    return markdown(["verdict", "claims"], [[kind, str(counts[kind])] for kind in kinds])


MAKERS: dict[str, Callable[..., str]] = {"summary": summary, "search": search, "verdicts": verdicts}


def fill(match: re.Match[str]) -> str:
    start, name, study, end = match.groups()
    if name == "search" and not (ROOT / f"results/tables/{study}_search.csv").exists():
        return match[0]
    return f"{start}{MAKERS[name](*[study] if study else [])}{end}"


def main() -> int:
    stale = False
    for path in FILES:
        before = path.read_text()
        try:
            after = BLOCK.sub(fill, before)
        except FileNotFoundError as error:
            print(f"{error.filename}: missing; `make reproduce` makes it", file=sys.stderr)
            return 2
        if before == after:
            continue
        stale = True
        if "--check" in sys.argv[1:]:
            print(f"{path.relative_to(ROOT)} is out of date; run `python docs/fill.py`")
        else:
            path.write_text(after)
    return int(stale and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
