"""The tidy CSV: every metric that the runs recorded."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from pipeline.exhibits import frame, labels, statistics
from pipeline.exhibits.cells import Cell, Results

COLUMNS = [*frame.CELL, "metric", "mean", "ci_low", "ci_high", "n_seeds", "status", "source"]
SOURCE = "run"
"""Where the numbers come from; the contract's column `source`."""


def text(results: Results) -> str:
    """One row per cell and metric, sorted by all key columns.

    `n_seeds` counts the runs behind the mean. `status` is `ok`, else the worst of the cell's runs; a cell without
    numbers keeps a row per metric of the study, with empty numbers. `missing`: the runs are ok, but some or all lack
    the metric.
    """
    measured = [
        _measured(results, found)
        for found in frame.aggregate(results.frame()).iter_rows(named=True)
        if found["metric"] is not None
    ]
    gaps = [row for cell in results.cells.values() for row in _gaps(cell, list(results.study.metrics))]
    return lines(COLUMNS, sorted(measured + gaps))


def lines(head: list[str], rows: Iterable[list[str]]) -> str:
    """The content of a CSV file, each row on a line. Text that a spreadsheet would run as a formula has an apostrophe
    before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(cell: str) -> str:
    cell = " ".join(cell.split())
    if not cell.startswith(("=", "+", "-", "@")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _measured(results: Results, found: dict[str, Any]) -> list[str]:
    metric = found["metric"]
    cell = results.cells[found["variant"], found["method"]]
    estimate = statistics.mean(cell.sample(metric), labels.bounds(metric))
    assert estimate is not None
    numbers = [fixed(found["mean"]), fixed(estimate.low), fixed(estimate.high), str(found["n_seeds"])]
    return [*(found[name] for name in frame.CELL), metric, *numbers, _status(cell, metric), SOURCE]


def _gaps(cell: Cell, metrics: list[str]) -> list[list[str]]:
    key = [getattr(cell.runs[0], name) for name in frame.CELL]
    lacking = [metric for metric in metrics if metric not in cell.metrics]
    return [[*key, metric, "", "", "", "0", _status(cell, metric), SOURCE] for metric in lacking]


def _status(cell: Cell, metric: str) -> str:
    return cell.status if cell.lost or cell.whole(metric) else "missing"


def fixed(value: float | None) -> str:
    """Six decimals, zero without a sign; empty for None."""
    if value is None:
        return ""
    shown = f"{value:.6f}"
    return "0.000000" if shown == "-0.000000" else shown
