"""results/tables/<study>: the tidy CSV, and the same numbers as a paper would set them."""

import csv
import io
import math
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from pipeline import datasets
from pipeline.exhibits import frame, labels, statistics
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.frame import PlanLike, Source
from pipeline.exhibits.statistics import Estimate
from pipeline.files import read_json, write_text

DASH = "–"
COLUMNS = [*frame.CELL, "metric", "mean", "ci_low", "ci_high", "n_seeds", "status"]


@dataclass
class Entry:
    """One number of the table. `best`, `tied` and `differs` are never true where an interval is missing."""

    metric: str
    cell: Cell
    estimate: Estimate | None
    best: bool = False
    tied: bool = False
    """Not distinguishable from the best: the paired interval of their difference includes zero."""
    differs: bool = False
    """The paired interval of the difference from the baseline excludes zero."""
    versus: Estimate | None = None
    """Minus the baseline."""
    notes: list[int] = field(default_factory=list)

    @property
    def gap(self) -> str:
        """What stands where there is no number."""
        return self.cell.status if self.cell.lost else "not measured"


@dataclass
class Row:
    method: str
    paper: str
    baseline: bool
    reference: bool
    entries: list[Entry]
    facts: list[str] = field(default_factory=list)
    """What stands below the table's `facts`: a number, or a dash."""
    notes: list[int] = field(default_factory=list)


@dataclass
class Block:
    """A variant's rows."""

    variant: str
    dataset: str
    data: str
    """The data set and its sizes, in words."""
    changes: str
    """What the variant changes of the study's protocol; empty for none."""
    reach: str
    """From where to where the methods lie between floors and ceilings; empty where there are none."""
    rows: list[Row]


@dataclass
class Table:
    results: Results
    metrics: dict[str, str]
    """Metric -> direction."""
    decimals: dict[str, int]
    facts: list[str]
    """Heads of the columns after the metrics. For people only: what is measured is not in the CSV."""
    blocks: list[Block]
    footnotes: list[str]
    protocol: list[str]
    """Sentences that stand below the title."""
    legend: list[str]
    hardware: str

    @property
    def title(self) -> str:
        return self.results.study.title

    def text(self, entry: Entry) -> tuple[str, str]:
        """The mean and the interval as printed; the interval is empty where there is none."""
        value, digits = entry.estimate, self.decimals[entry.metric]
        if value is None:
            return entry.gap, ""
        interval = ""
        if value.low is not None and value.high is not None:
            interval = f"[{labels.number(value.low, digits)}, {labels.number(value.high, digits)}]"
        return labels.number(value.mean, digits), interval


def write(plan: PlanLike, study: str, root: str | Path = ".", source: Source | None = None) -> list[Path]:
    """Write the study's .csv, .md, .tex and .html below `root`/results/tables; return their paths.

    Nothing is written where a result is missing (UserError).
    """
    results = Results(plan, study, root, source)
    table = build(results)
    content = {"csv": tidy(results), "md": markdown(table), "tex": latex(table), "html": html(table)}
    paths = [Path(root) / "results" / "tables" / f"{study}.{suffix}" for suffix in content]
    for path, text in zip(paths, content.values(), strict=True):
        write_text(path, text)
    return paths


def tidy(results: Results) -> str:
    """The CSV: one row per cell and metric, every metric that the runs recorded, sorted by all key columns.

    `n_seeds` counts the runs behind the mean. `status` is `ok`, else the worst of the cell's runs; a cell without
    numbers keeps a row per metric of the study, with empty numbers. `missing`: the runs are ok but lack the metric.
    """
    rows = []
    for found in frame.aggregate(results.frame()).iter_rows(named=True):
        if found["metric"] is not None:
            cell = results.cells[found["variant"], found["method"]]
            estimate = statistics.mean(cell.sample(found["metric"]), labels.bounds(found["metric"]))
            assert estimate is not None
            numbers = [fixed(found["mean"]), fixed(estimate.low), fixed(estimate.high), str(found["n_seeds"])]
            rows.append([*(found[name] for name in frame.CELL), found["metric"], *numbers, found["status"]])
    for cell in results.cells.values():
        run, status = cell.runs[0], cell.status if cell.lost else "missing"
        key = [getattr(run, name) for name in frame.CELL]
        rows += [
            [*key, metric, "", "", "", "0", status] for metric in results.study.metrics if metric not in cell.metrics
        ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(rows))
    return out.getvalue()


def fixed(value: float | None) -> str:
    """Six decimals, zero without a sign; empty for None."""
    if value is None:
        return ""
    text = f"{value:.6f}"
    return "0.000000" if text == "-0.000000" else text


# --- the table as a paper would set it ---


def build(results: Results) -> Table:
    """Means, intervals, marks and footnotes of the study's metrics."""
    study = results.study
    footnotes: list[str] = []
    blocks = []
    facts = _facts(results)
    for variant in results.variants():
        rows = []
        for method in results.methods(variant):
            cell = results.cells[variant, method]
            departure = next(entry for entry in study.methods if entry.key == method)
            row = Row(
                method=method,
                paper=cell.runs[0].paper,
                baseline=method == study.baseline,
                reference=getattr(departure, "reference", False),
                entries=[
                    Entry(name, cell, statistics.mean(cell.sample(name), labels.bounds(name))) for name in study.metrics
                ],
                facts=[column.get((variant, method), DASH) for column in facts.values()],
            )
            if departure.why:
                row.notes.append(_note(footnotes, f"{method}: {departure.why.rstrip('.')}."))
            if cell.lost:
                row.notes.append(_note(footnotes, _loss(variant, method, cell)))
            rows.append(row)
        _mark(rows, study.metrics)
        run = results.cells[variant, rows[0].method].runs[0]
        about = (_data(results, variant), _changes(study, variant), _reach(rows))
        blocks.append(Block(variant, run.dataset, *about, rows))
    entries = [entry for block in blocks for row in block.rows for entry in row.entries]
    decimals = {name: decimals_of([e.estimate for e in entries if e.metric == name]) for name in study.metrics}
    return Table(
        results=results,
        metrics=dict(study.metrics),
        decimals=decimals,
        facts=list(facts),
        blocks=blocks,
        footnotes=footnotes,
        protocol=_protocol(results),
        legend=_legend(study, entries),
        hardware=hardware(results.results),
    )


def _facts(results: Results) -> dict[str, dict[tuple[str, str], str]]:
    """Head -> (variant, method) -> text: the learning rate where methods differ in it, and the time an epoch took."""
    rates, seconds = {}, {}
    for place, cell in results.cells.items():
        settings = cell.runs[0].settings
        if (rate := (settings.get("optimizer") or {}).get("learning_rate")) and settings.get("epochs"):
            rates[place] = f"{rate:g}"
        if spent := [second for epochs in cell.epoch_seconds.values() for second in epochs]:
            seconds[place] = labels.significant(median(spent))
    facts = {"learning rate": rates if len(set(rates.values())) > 1 else {}, "seconds per epoch": seconds}
    return {head: column for head, column in facts.items() if column}


def _note(footnotes: list[str], text: str) -> int:
    if text not in footnotes:
        footnotes.append(text)
    return footnotes.index(text) + 1


def _loss(variant: str, method: str, cell: Cell) -> str:
    reasons = sorted(
        {result.get("reason") or "no reason recorded" for result in cell.results if result["status"] != "ok"}
    )
    what = " and ".join(f"{cell.lost.count(kind)} {kind}" for kind in dict.fromkeys(sorted(cell.lost)))
    rest = "" if len(cell.lost) == len(cell.runs) else "; its numbers are those of the others and are not ranked"
    return f"{method} ({variant}): {what} of {labels.count(len(cell.runs), 'run')} ({'; '.join(reasons)}){rest}."


def _mark(rows: list[Row], metrics: Any) -> None:
    """Mark the best, what cannot be told from it, and what differs from the baseline; lost seeds disqualify."""
    base = next((row for row in rows if row.baseline), None)
    for place, direction in enumerate(metrics.values()):
        column = [(row, row.entries[place]) for row in rows]
        complete = [(row, e) for row, e in column if e.estimate and e.estimate.low is not None and not e.cell.lost]
        ranked = [e for row, e in complete if not row.reference]
        if len(ranked) > 1:
            order = 1 if direction == "higher" else -1
            best = max(ranked, key=lambda e: order * e.estimate.mean)  # type: ignore[union-attr]
            best.best = True
            for entry in ranked:
                gap = _difference(entry, best)
                entry.tied = entry is not best and gap is not None and gap.low is not None and gap.sign == 0
        for row, entry in complete:
            against = base.entries[place] if base and base is not row else None
            if against and not against.cell.lost:
                entry.versus = _difference(entry, against)
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


def _changes(study: Any, variant: str) -> str:
    changed = {name: value for name, value in study.variants[variant].items() if name != "methods"}
    return "; ".join(f"{labels.words(name)}: {_plain(value)}" for name, value in changed.items())


def _reach(rows: list[Row]) -> str:
    """By the study's first metric: the ranked methods' lowest and highest mean, and the references' means."""
    first = [(row, row.entries[0]) for row in rows if row.entries[0].estimate]
    means = {row.method: e.estimate.mean for row, e in first if e.estimate and not row.reference}
    references = [f"{row.method} {e.estimate.mean:.1f}" for row, e in first if e.estimate and row.reference]
    if len(means) < 2 or not references:
        return ""
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    span = f"from {means[low]:.1f} ({low}) to {means[high]:.1f} ({high})"
    return f"{labels.metric(first[0][1].metric)}: {span}; for reference {labels.listing(references)}."


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{labels.words(name)} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        pairs = bool(value) and all(isinstance(part, list | tuple) for part in value)
        return ", ".join(" to ".join(map(_plain, part)) if pairs else _plain(part) for part in value)
    return str(value)


def _data(results: Results, variant: str) -> str:
    run = _run(results, variant)
    path = datasets.folder(run.dataset, results.root) / "manifest.json"
    splits = read_json(path).get("splits", {}) if path.exists() else {}
    parts = []
    for split, name in (("train", "training"), ("test", "test")):
        size, limit = splits.get(split), run.settings.get(f"{split}_examples")
        size = min(size or limit, limit or size) if size or limit else None
        if size:
            kept_back = run.settings.get("validation_examples") if split == "train" else 0
            of_them = f", the last {kept_back:,} of them for validation" if kept_back else ""
            parts.append(f"{size:,} {name} images{of_them}")
    held = run.settings.get("held_out_classes")
    out = f", less classes {labels.listing([str(k) for k in held])}" if held else ""
    drawn = _drawn(results, variant)
    return f"{run.dataset}" + (f" ({', '.join(parts)}{out})" if parts else "") + "".join(f"; {text}" for text in drawn)


def _run(results: Results, variant: str) -> Any:
    """The variant's first run, whose data and protocol are those of all."""
    return next(cell.runs[0] for (place, _), cell in results.cells.items() if place == variant)


def _drawn(results: Results, variant: str) -> list[str]:
    """What the runs record of the labels that they drew: how many were wrong, and uneven class counts."""
    found = [r.get("data", {}) for (place, _), cell in results.cells.items() if place == variant for r in cell.results]
    wrong = sorted({f"{100 * data['label_noise']:.1f}%" for data in found if "label_noise" in data})
    counts = [list(data["class_counts"]) for data in found if data.get("class_counts")]
    settings, texts = _run(results, variant).settings, []
    if wrong:
        noise = settings["label_noise"]
        pairs = labels.listing([f"{a} to {b}" for a, b in noise["flips"]]) if noise["flips"] else ""
        kind = f"classes {pairs}" if pairs else "to any other class alike"
        drawn = f"{labels.listing(wrong)} of all labels by seed"
        texts.append(f"training labels made wrong with probability {noise['rate']:g} ({kind}), drawn: {drawn}")
    if counts and settings.get("imbalance"):
        texts.append(f"training images by class: {', '.join(map(str, counts[0]))}")
    return texts


def _protocol(results: Results) -> list[str]:
    study, planned = results.study, sorted({len(cell.runs) for cell in results.cells.values()})
    seeds = f"{planned[0]}" if len(planned) == 1 else f"{planned[0]} to {planned[-1]}"
    lines = [
        f"Tier {results.plan.tier}.",
        f"Model selection: {study.selection}.",
        f"Mean of {seeds} {'seed' if planned == [1] else 'seeds'} per method, baseline {study.baseline}.",
    ]
    if search := study.search.get(results.plan.tier):
        rates = labels.listing([f"{rate:g}" for rate in search.learning_rates])
        lines.append(
            f"Learning rate: for each method the best of {rates}, on {search.validation_examples:,} training images "
            f"kept out of training ({labels.count(search.seeds, 'seed')})."
        )
    if results.plan.tier in study.reduced:
        lines.append("Some methods' settings are reduced from their papers' at this tier; the study says which.")
    if study.base:
        lines.append(f"Built on the runs of {study.base.method} in study {study.base.study}.")
    return lines


def _legend(study: Any, entries: list[Entry]) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for entry in entries:
        if entry.estimate:
            kinds.setdefault(entry.estimate.levels or "", [])
            if entry.metric not in kinds[entry.estimate.levels or ""]:
                kinds[entry.estimate.levels or ""].append(entry.metric)
    spread = [f"{levels} ({labels.listing(names)})" for levels, names in sorted(kinds.items(), reverse=True) if levels]
    lines = []
    if spread:
        over = labels.listing([f"over {part}" for part in spread])
        lines.append(f"In brackets: 95% interval of the mean {over}, by a paired bootstrap widened for few seeds.")
    if "" in kinds:
        lines.append(f"No interval for {labels.listing(kinds[''])}: one seed and no values per example.")
    ranked = "Bold: best mean. Underlined: not distinguishable from the best. "
    against = f"†: differs from {study.baseline}. Both by the 95% interval of the paired difference, "
    return [*lines, ranked + against + "without correction for the number of comparisons."]


def hardware(results: list[dict[str, Any]]) -> str:
    """Which machine, how long."""
    devices = set()
    for result in results:
        device = result.get("device") or {}
        name = device.get("name") or device.get("kind") or "unknown device"
        threads = device.get("threads")
        on = labels.count(threads, "thread") if threads and device.get("kind") == "cpu" else ""
        devices.add(", ".join(filter(None, [name, on, device.get("precision")])))
    spent = [result.get("seconds") or {} for result in results]
    train, evaluate = (sum(part.get(name) or 0.0 for part in spent) for name in ("train", "evaluate"))
    took = f"{labels.duration(train)} of training and {labels.duration(evaluate)} of evaluation"
    return f"{labels.count(len(results), 'run')} on {' and '.join(sorted(devices))}: {took}."


# --- Markdown ---


def markdown(table: Table) -> str:
    esc = _markdown_escape
    many = len(table.blocks) > 1
    out = [f"# {esc(table.title)}", "", esc(" ".join(table.protocol)), ""]
    for block in table.blocks:
        if many or block.changes:
            out += [f"## {esc(block.variant)}", ""]
        changed = f"Changed: {block.changes}." if block.changes else ""
        out += [esc(" ".join(filter(None, [f"{block.data}.", changed, block.reach]))), ""]
        heads = [f"{esc(labels.metric(name))} {labels.ARROWS[way]}" for name, way in table.metrics.items()]
        heads += [fact.capitalize() for fact in table.facts]
        out.append("| " + " | ".join(["Method", "Paper", *heads]) + " |")
        out.append("| " + " | ".join(["---", "---", *["---:"] * len(heads)]) + " |")
        for row in block.rows:
            notes = "".join(f"<sup>{n}</sup>" for n in row.notes)
            cells = [esc(row.method) + notes, esc(row.paper)]
            for entry in row.entries:
                mean, interval = table.text(entry)
                shown = f"**{mean}**" if entry.best else f"<u>{mean}</u>" if entry.tied else mean
                dagger = "†" if entry.differs else ""
                cells.append(f"{shown}{dagger} {esc(interval)}".strip() if entry.estimate else f"*{mean}*")
            out.append("| " + " | ".join([*cells, *row.facts]) + " |")
        out.append("")
    out += [f"{n}. {esc(text)}" for n, text in enumerate(table.footnotes, 1)]
    out += [""] if table.footnotes else []
    out += [esc(" ".join(table.legend)), "", esc(table.hardware)]
    return "\n".join(out) + "\n"


def _markdown_escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split())).replace("&", "&amp;")


# --- LaTeX ---

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_"},
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "†": r"$^\dagger$",
    "×": r"$\times$",
    labels.MINUS: "$-$",
    DASH: "--",
}


def _latex_escape(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in " ".join(text.split()))


def latex(table: Table) -> str:
    """A table environment, or a longtable where the rows do not fit a page; on its side where they are wide."""
    esc, width = _latex_escape, len(table.metrics) + len(table.facts) + 1
    heads = [f"{esc(labels.metric(name))} {esc(labels.ARROWS[way])}" for name, way in table.metrics.items()]
    heads += [fact.capitalize() for fact in table.facts]
    long, wide = sum(len(block.rows) for block in table.blocks) > 40, len(heads) > 6
    if wide:
        heads = [rf"\parbox[b]{{17mm}}{{\raggedleft {head}}}" for head in heads]
    packages = ["booktabs", *["longtable"] * long, *["pdflscape"] * wide]
    caption = rf"\caption{{{esc(table.title)}. {esc(' '.join(table.protocol))}}}"
    begin, end = ("longtable", "tabular")[not long], r"\end{longtable}" if long else r"\end{tabular}"
    head = [r"\toprule", " & ".join(["Method", *heads]) + r" \\"]
    out = [rf"% needs \usepackage{{{','.join(packages)}}}", *[r"\begin{landscape}"] * wide]
    out += ["{"] if long else [r"\begin{table}", r"\centering", caption]
    out += [r"\scriptsize\setlength{\tabcolsep}{3pt}" if wide else r"\small"]
    out += [rf"\begin{{{begin}}}{{l{'r' * len(heads)}}}"]
    out += [caption + r" \\", *head, r"\endfirsthead", *head, r"\midrule", r"\endhead"] if long else head
    spread_size = r"\tiny" if wide else r"\scriptsize"
    for block in table.blocks:
        about = f"{block.variant}: {block.data}" + (f"; {block.changes}" if block.changes else "")
        out += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{\emph{{{esc(about)}}}}} \\"]
        for row in block.rows:
            notes = "".join(f"$^{{{n}}}$" for n in row.notes)
            cells = [esc(row.method) + notes]
            for entry in row.entries:
                mean, interval = map(esc, table.text(entry))
                if entry.estimate is None:
                    cells.append(rf"\emph{{{mean}}}")
                    continue
                mark = rf"\textbf{{{mean}}}" if entry.best else rf"\underline{{{mean}}}" if entry.tied else mean
                spread = rf" {{{spread_size} {interval}}}" if interval else ""
                cells.append(mark + (_LATEX["†"] if entry.differs else "") + spread)
            out.append(" & ".join([*cells, *map(esc, row.facts)]) + r" \\")
    out += [r"\bottomrule", end, *[r"\par}"] * long, "", r"\smallskip"]
    out += [r"\noindent" * long + r"\begin{minipage}{\linewidth}\footnotesize"]
    out += [rf"$^{{{n}}}$ {esc(text)}\\" for n, text in enumerate(table.footnotes, 1)]
    out += [esc(" ".join(table.legend)) + r"\\", esc(table.hardware), r"\end{minipage}"]
    out += [*[r"\end{table}"] * (not long), *[r"\end{landscape}"] * wide]
    return "\n".join(out) + "\n"


# --- HTML ---


def html(table: Table) -> str:
    """The table alone, as great-tables sets it."""
    import great_tables as gt
    import polars as pl

    heads = {name: f"{labels.metric(name)} {labels.ARROWS[way]}" for name, way in table.metrics.items()}
    heads |= {fact: fact.capitalize() for fact in table.facts}
    records: dict[str, list[str]] = {name: [] for name in ("block", "Method", "Paper", *heads)}
    for block in table.blocks:
        about = f"{block.variant}: {block.data}" + (f"; {block.changes}" if block.changes else "")
        for row in block.rows:
            notes = "".join(f"<sup>{n}</sup>" for n in row.notes)
            records["block"].append(about)
            records["Method"].append(escape(row.method) + notes)
            records["Paper"].append(escape(row.paper))
            for entry in row.entries:
                records[entry.metric].append(_html_entry(table, entry))
            for fact, text in zip(table.facts, row.facts, strict=True):
                records[fact].append(escape(text))
    view = gt.GT(pl.DataFrame(records), groupname_col="block", id=f"recount-{table.results.study.key}")
    view = view.tab_header(gt.html(escape(table.title)), gt.html(escape(" ".join(table.protocol))))
    # cells are HTML already, and escaped; a formatter's output is taken as it is
    view = view.fmt(lambda text: text, columns=["Method", "Paper", *heads])
    view = view.cols_label({name: gt.html(escape(head)) for name, head in heads.items()})
    view = view.cols_align("right", list(heads)).cols_align("left", ["Method", "Paper"])
    for number, text in enumerate(table.footnotes, 1):
        view = view.tab_source_note(gt.html(f"<sup>{number}</sup> {escape(text)}"))
    for text in (" ".join(table.legend), table.hardware):
        view = view.tab_source_note(gt.html(escape(text)))
    view = view.tab_options(
        table_font_names=["system-ui", "sans-serif"],
        table_font_size="14px",
        heading_align="left",
        heading_title_font_size="18px",
        table_border_top_color="#1f2430",
        table_border_bottom_color="#d5d9e0",
        column_labels_font_weight="600",
        row_group_font_weight="600",
    )
    page = view.as_raw_html(make_page=True)
    return page if page.endswith("\n") else page + "\n"


def _html_entry(table: Table, entry: Entry) -> str:
    mean, interval = map(escape, table.text(entry))
    if entry.estimate is None:
        return f"<em>{mean}</em>"
    mark = f"<strong>{mean}</strong>" if entry.best else f"<u>{mean}</u>" if entry.tied else mean
    return mark + ("†" if entry.differs else "") + (f"<br><small>{interval}</small>" if interval else "")
