"""Means, intervals, marks and footnotes of a study's table."""

import math
from collections.abc import Mapping
from functools import lru_cache
from statistics import median
from typing import Any

from pipeline.exhibits import cautions, floors, labels, phenomena, statistics
from pipeline.exhibits.cells import Results, stated
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tables import words
from pipeline.exhibits.tables.model import AGREEMENT, DASH, Block, Entry, Row, Table
from pipeline.planning.model import Place

Facts = dict[str, dict[tuple[str, str], str]]
"""Head -> (variant, method) -> text."""


@lru_cache(maxsize=1)
def table(results: Results) -> Table:
    """The study's table, a block a variant."""
    study, facts = results.study, _facts(results)
    footnotes: list[str] = []
    # without metrics there is nothing to stand in a row
    blocks = [_block(results, variant, facts, footnotes) for variant in results.variants() if study.metrics]
    found = phenomena.judge(results)
    entries = [entry for block in blocks for row in block.rows for entry in row.entries]
    return Table(
        results=results,
        metrics=dict(study.metrics),
        decimals={name: decimals_of([e.estimate for e in entries if e.metric == name]) for name in study.metrics},
        facts=list(facts),
        blocks=blocks,
        footnotes=footnotes,
        protocol=words.protocol(results),
        phenomena=[words.phenomenon(each) for each in found],
        legend=words.legend(study, [row for block in blocks for row in block.rows]),
        hardware=words.hardware(results),
    )


def _facts(results: Results) -> Facts:
    """The learning rate where methods differ in it, the time that an epoch took, and where published results are
    shown, where each row's come from."""
    rates, seconds = {}, {}
    for place, cell in results.cells.items():
        settings = cell.runs[0].settings
        if (rate := (settings.get("optimizer") or {}).get("learning_rate")) and settings.get("epochs"):
            rates[place] = f"{rate:g}"
        if spent := [second for epochs in cell.epoch_seconds.values() for second in epochs]:
            seconds[place] = labels.significant(median(spent))
    facts = {"learning rate": rates if len(set(rates.values())) > 1 else {}, "seconds per epoch": seconds}
    if results.published:
        facts["source"] = {place: _origin(results, place) for place in results.cells}
    return {head: column for head, column in facts.items() if column}


def _origin(results: Results, place: tuple[str, str]) -> str:
    """Where a cell's numbers come from: published, or made here, and then whether that agrees."""
    source, agreement = results.cells[place].source, results.agreement.get(place)
    if source != "run":
        return source.replace("_", " ")
    return f"run, {AGREEMENT[agreement]}" if agreement else "run"


def _block(results: Results, variant: str, facts: Facts, footnotes: list[str]) -> Block:
    rows = [_row(results, variant, method, facts, footnotes) for method in results.methods(variant)]
    mark(rows, results.study.metrics)
    return Block(
        variant=variant,
        dataset=results.cells[variant, rows[0].method].runs[0].dataset,
        data=words.data(results, variant),
        changes=words.changes(results.study, variant),
        reach=words.reach(rows),
        rows=rows,
    )


def _row(results: Results, variant: str, method: str, facts: Facts, footnotes: list[str]) -> Row:
    cell = results.cells[variant, method]
    line = next(entry for entry in results.study.methods if entry.key == method)
    notes = [f"{method}: {line.why.rstrip('.')}."] if line.why else []
    seen = results.plan.information(results.planned[variant, method][0]).words
    notes += [f"{method} has, beyond the protocol: {seen}."] if seen else []
    notes += [words.loss(variant, method, cell)] if cell.lost else []
    notes += [f"{method} ({variant}): {text}." for text in cautions.of(cell, results.study)]
    return Row(
        method=method,
        paper=cell.runs[0].paper,
        baseline=method == results.study.baseline,
        reference=line.reference,
        floor=method == results.study.floor,
        ceiling=results.study.ceiling is not None and results.study.ceiling == Place(method=method, variant=variant),
        source=cell.source,
        agreement=results.agreement.get((variant, method)),
        notes=_numbered(notes, footnotes),
        entries=[_entry(results, variant, method, name, footnotes) for name in results.study.metrics],
        facts=[column.get((variant, method), DASH) for column in facts.values()],
    )


def _numbered(notes: list[str], footnotes: list[str]) -> list[int]:
    """The notes' places among the footnotes, from 1; new ones are added to them."""
    footnotes += [text for text in notes if text not in footnotes]
    return [footnotes.index(text) + 1 for text in notes]


def _entry(results: Results, variant: str, method: str, metric: str, footnotes: list[str]) -> Entry:
    cell = results.cells[variant, method]
    entry = Entry(metric, cell, cell.estimate(metric), floor=floors.under(results, variant, method, metric))
    if cell.source != "run" and (line := cell.lines.get(metric)):
        entry.versus = stated(line, "against_baseline", "against_low", "against_high")
        entry.differs = entry.versus is not None and entry.versus.sign != 0
    entry.notes = _numbered(words.absence(entry), footnotes)
    return entry


def mark(rows: list[Row], metrics: Mapping[str, Any]) -> None:
    """Mark the best, what cannot be told from it, and what differs from the baseline; seeds without a value
    disqualify.

    Where all rows are as published, the best and its equals are as published too: they were told by more than is
    published. Else a published row is compared by its seeds alone. One that was published earlier is no part of this.
    """
    base = next((row for row in rows if row.baseline), None)
    for place, direction in enumerate(metrics.values()):
        column = [(row, row.entries[place]) for row in rows]
        able = [(row, e) for row, e in column if e.estimate and e.estimate.low is not None]
        complete = [(row, e) for row, e in able if e.cell.whole(e.metric)]
        listed = [(row, entry) for row, entry in complete if not row.reference]
        ranked = [(row, entry) for row, entry in listed if row.source != EARLIER]
        told = [entry.cell.lines.get(entry.metric, {}).get("mark", "") for _, entry in ranked]
        shown = any(row.source != "run" for row in rows) and all(_as_published(row) for row, _ in listed)
        if shown and BEST in told:
            for (_, entry), marked in zip(ranked, told, strict=True):
                entry.best, entry.tied = marked == BEST, marked == TIED
        else:
            _rank([entry for _, entry in ranked], direction)
        if base and base.source != EARLIER and base.entries[place].cell.whole(base.entries[place].metric):
            _compare([e for row, e in complete if row is not base and row.source == "run"], base.entries[place])


EARLIER = "published_earlier"
BEST, TIED = "best", "tied"
"""What a published table says of the best and of what cannot be told from it."""


def _as_published(row: Row) -> bool:
    return row.source == "published" or (row.source == "run" and row.agreement == "identical")


def _rank(entries: list[Entry], direction: str) -> None:
    if len(entries) < 2:
        return
    order = 1 if direction == "higher" else -1
    best = max(entries, key=lambda e: order * e.estimate.mean if e.estimate else -math.inf)
    best.best = True
    for entry in entries:
        gap = _difference(entry, best)
        entry.tied = entry is not best and gap is not None and gap.low is not None and gap.sign == 0


def _compare(entries: list[Entry], base: Entry) -> None:
    for entry in entries:
        entry.versus = _difference(entry, base)
        entry.differs = entry.versus is not None and entry.versus.sign != 0


def _difference(entry: Entry, other: Entry) -> Estimate | None:
    return statistics.difference(entry.cell.sample(entry.metric), other.cell.sample(other.metric))


def decimals_of(estimates: list[Estimate | None]) -> int:
    """So many that the typical half-width of an interval keeps two significant figures."""
    found = [e for e in estimates if e]
    widths = sorted((e.high - e.low) / 2 for e in found if e.low is not None and e.high is not None)
    scale = widths[len(widths) // 2] if widths else 0.0
    if scale <= 0:
        scale = max((abs(e.mean) for e in found), default=0.0) / 10
    return min(max(1 - math.floor(math.log10(scale)), 0), 4) if scale > 0 else 2
