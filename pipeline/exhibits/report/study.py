"""results/report/<study>.html: the study's tables, figures, claims, and the numbers that its papers report."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.exhibits import figures, frame, labels, phenomena, publication, tables
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.report import pages, verdicts
from pipeline.exhibits.tables import words
from pipeline.exhibits.tables.model import DASH, Block, Entry, Row, Table

if TYPE_CHECKING:
    from pipeline.planning.model import Paper

HEAD = 2000
"""Characters of an SVG file in which its size stands."""


def text(results: Results, read: Mapping[str, Results], found: list[Verdict], papers: "Mapping[str, Paper]") -> str:
    """A study's page. `read` holds every study's results, `found` the verdict on every claim."""
    mine = verdicts.of_study(found, results.study.key)
    table = tables.of(results, mine)
    keys, there = list(read), results.published
    place = keys.index(results.study.key)
    return pages.render(
        "study.html",
        up="../",
        study=results.study,
        table=table,
        blocks=[_block(block, table, papers, mine) for block in table.blocks],
        runs=_runs(table),
        lost=results.lost,
        figures=[_figure(results, name) for name in figures.names(results.study)],
        phenomena=[{"text": words.phenomenon(each), "source": each.source} for each in phenomena.judge(results)],
        replication=publication.replication(there.replication).words if there and there.replication else "",
        published=there is not None,
        counts=verdicts.counts(mine),
        claims=verdicts.rows(mine, read),
        reported=_reported(results, papers),
        before=read[keys[place - 1]].study if place else None,
        after=read[keys[place + 1]].study if place + 1 < len(keys) else None,
        dash=DASH,
    )


# --- tables ---


def _block(block: Block, table: Table, papers: "Mapping[str, Paper]", found: list[Verdict]) -> dict[str, Any]:
    return {
        "block": block,
        "id": pages.table_anchor(block.variant),
        "claims": sum(each.claim.test is not None and each.claim.test.variant == block.variant for each in found),
        "rows": [_row(row, block, table, papers.get(row.paper)) for row in block.rows],
    }


def _row(row: Row, block: Block, table: Table, paper: "Paper | None") -> dict[str, Any]:
    return {
        "row": row,
        "id": f"row-{block.variant}-{row.method}",
        "paper": paper,
        "folder": _folder(row.entries[0].cell) if row.entries else "",
        "entries": [_entry(table, entry) for entry in row.entries],
    }


def _folder(cell: Cell) -> str:
    """The folder that holds the cell's runs, the run's own where it is one; of published runs the file."""
    common = os.path.commonpath([run.path for run in cell.runs])
    return f"{common}/" if cell.source == "run" else common


def _entry(table: Table, entry: Entry) -> dict[str, Any]:
    """A number as the table shows it, with the one it is sorted by."""
    mean, interval = table.text(entry)
    marks = {"best": entry.best, "tied": entry.tied and not entry.best, "gap": entry.estimate is None}
    return {
        "mean": mean,
        "interval": interval,
        "signs": entry.signs,
        "notes": entry.notes,
        "classes": "".join(f" {name}" for name, marked in marks.items() if marked),
        "sort": "" if entry.estimate is None else repr(round(entry.estimate.mean, 9)),
    }


def _runs(table: Table) -> dict[str, Any]:
    """Behind each number its runs, for the page's script: rows in the tables' order, in each an entry a metric."""
    return {
        "study": table.results.study.key,
        "baseline": table.results.study.baseline,
        "metrics": [labels.metric(name) for name in table.metrics],
        "rows": [_row_runs(table, block, row) for block in table.blocks for row in block.rows if row.entries],
    }


def _row_runs(table: Table, block: Block, row: Row) -> dict[str, Any]:
    cell = row.entries[0].cell
    outcomes = zip(cell.runs, cell.results, strict=True)
    return {
        "method": row.method,
        "variant": block.variant,
        "data": block.dataset,
        "runs": [
            [run.seed, run.path, "" if result["status"] == "ok" else result.get("reason") or "no reason recorded"]
            for run, result in outcomes
        ],
        "entries": [[_values(table, entry), _versus(table, entry), _behind(entry)] for entry in row.entries],
    }


def _values(table: Table, entry: Entry) -> list[str]:
    """Each run's value as printed, or its status."""
    shown = []
    for run, result in zip(entry.cell.runs, entry.cell.results, strict=True):
        value = entry.cell.value(run, entry.metric)
        missing = "absent" if result["status"] == "ok" else result["status"]
        shown.append(missing if value is None else labels.number(value, table.decimals[entry.metric]))
    return shown


def _versus(table: Table, entry: Entry) -> str:
    """The paired difference from the baseline, with its interval."""
    gap, digits = entry.versus, table.decimals[entry.metric]
    if gap is None:
        return ""
    ends = [labels.number(end, digits, sign=True) for end in (gap.low, gap.high) if end is not None]
    return labels.number(gap.mean, digits, sign=True) + (f" [{', '.join(ends)}]" if ends else "")


def _behind(entry: Entry) -> str:
    """What the interval is over, and why runs have no value."""
    return " ".join(filter(None, [_levels(entry), *words.absence(entry)]))


def _levels(entry: Entry) -> str:
    estimate = entry.estimate
    if estimate is None:
        return ""
    if entry.cell.source != "run":
        return "Mean and interval as published."
    if estimate.levels is None:
        return "No interval: one seed and no values per example."
    return f"Interval over {estimate.levels}."


# --- figures and reported numbers ---


def _figure(results: Results, name: str) -> dict[str, Any]:
    """A figure with its size in pixels, so that the page keeps its place before it is loaded."""
    file = f"{results.study.key}-{name}.svg"
    width, height = _size(results.root / "results" / "figures" / file)
    return {"name": name, "caption": figures.module(name).caption(results.study), "width": width, "height": height}


def _size(path: Path) -> tuple[int, int]:
    try:
        with path.open(encoding="utf-8") as stream:
            head = stream.read(HEAD)
    except FileNotFoundError:
        raise UserError(f"{path}: missing; {frame.MAKE}") from None
    found = [re.search(rf'<svg[^>]*\s{name}="([\d.]+)(pt)?"', head) for name in ("width", "height")]
    if not all(found):
        raise UserError(f"{path}: not an SVG that states its size; delete it, then {frame.MAKE}")
    width, height = (round(float(side[1]) * (4 / 3 if side[2] else 1)) for side in found if side)
    return width, height


def _reported(results: Results, papers: "Mapping[str, Paper]") -> list[tuple[Any, Any]]:
    """(paper, number) of the papers that the study's methods are from."""
    methods = {entry.key for entry in results.study.methods}
    return [(paper, number) for paper in papers.values() if methods & set(paper.methods) for number in paper.reported]
