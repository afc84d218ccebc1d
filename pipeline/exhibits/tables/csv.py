"""The tidy CSV: every metric that the runs recorded."""

from typing import Any

from pipeline.exhibits import frame
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.tidy import fixed, lines

COLUMNS = [*frame.CELL, "metric", "mean", "ci_low", "ci_high", "n_seeds", "status", "source"]


def text(results: Results) -> str:
    return lines(COLUMNS, rows(results))


def rows(results: Results) -> list[list[str]]:
    """One row per cell and metric, sorted by all key columns.

    `n_seeds` counts the runs behind the mean. `status` is `ok`, else the worst of the cell's runs; a cell without
    numbers keeps a row per metric of the study, with empty numbers. `missing`: the runs are ok, but some or all lack
    the metric. `source`: made here, published, or published of earlier code or settings.
    """
    measured = [
        _measured(results, found)
        for found in frame.aggregate(results.frame()).iter_rows(named=True)
        if found["metric"] is not None
    ]
    gaps = [row for cell in results.cells.values() for row in _gaps(cell, list(results.study.metrics))]
    return sorted(measured + gaps)


def _measured(results: Results, found: dict[str, Any]) -> list[str]:
    metric = found["metric"]
    cell = results.cells[found["variant"], found["method"]]
    estimate = cell.estimate(metric)
    assert estimate is not None
    mean = found["mean"] if cell.source == "run" else estimate.mean
    numbers = [fixed(mean), fixed(estimate.low), fixed(estimate.high), str(found["n_seeds"])]
    return [*(found[name] for name in frame.CELL), metric, *numbers, _status(cell, metric), cell.source]


def _gaps(cell: Cell, metrics: list[str]) -> list[list[str]]:
    key = [getattr(cell.runs[0], name) for name in frame.CELL]
    lacking = [metric for metric in metrics if metric not in cell.metrics]
    return [[*key, metric, "", "", "", "0", _status(cell, metric), cell.source] for metric in lacking]


def _status(cell: Cell, metric: str) -> str:
    return cell.status if cell.lost or cell.whole(metric) else "missing"
