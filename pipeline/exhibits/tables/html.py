"""The table alone as a page, as great-tables sets it."""

from html import escape
from typing import Any

from pipeline.exhibits.tables.model import Entry, Row, Table


def text(table: Table) -> str:
    """A page of its own."""
    import great_tables as gt
    import polars as pl

    view = gt.GT(pl.DataFrame(_columns(table)), groupname_col="block", id=f"recount-{table.results.study.key}")
    above = [" ".join(table.protocol), *table.phenomena]
    view = view.tab_header(gt.html(escape(table.title)), gt.html("<br>".join(map(escape, above))))
    # cells are HTML already, and escaped; a formatter's output is taken as it is
    view = view.fmt(lambda text: text, columns=[table.subject, "Paper", *table.heads])
    view = view.cols_label({name: gt.html(escape(head)) for name, head in table.heads.items()})
    view = view.cols_align("right", list(table.heads)).cols_align("left", [table.subject, "Paper"])
    notes = [f"<sup>{number}</sup> {escape(note)}" for number, note in enumerate(table.footnotes, 1)]
    for note in (*notes, escape(" ".join(table.legend)), escape(table.hardware)):
        view = view.tab_source_note(gt.html(note))
    page = _styled(view).as_raw_html(make_page=True)
    return page if page.endswith("\n") else page + "\n"


def _columns(table: Table) -> dict[str, list[str]]:
    """Column -> its cells, as HTML; the first names each row's block."""
    rows = [(block, row) for block in table.blocks for row in block.rows]
    columns = {
        "block": [block.about for block, _ in rows],
        table.subject: [_method(row) for _, row in rows],
        "Paper": [escape(row.paper) for _, row in rows],
    }
    for place, name in enumerate(table.metrics):
        columns[name] = [_entry(table, row.entries[place]) for _, row in rows]
    for place, name in enumerate(table.facts):
        columns[name] = [escape(row.facts[place]) for _, row in rows]
    return columns


def _method(row: Row) -> str:
    roles = f" <small>({row.roles})</small>" if row.roles else ""
    return escape(row.method) + roles + _notes(row.notes)


def _entry(table: Table, entry: Entry) -> str:
    mean, interval = map(escape, table.text(entry))
    if entry.estimate is None:
        return f"<em>{mean}</em>" + _notes(entry.notes)
    mark = f"<strong>{mean}</strong>" if entry.best else f"<u>{mean}</u>" if entry.tied else mean
    return mark + entry.signs + _notes(entry.notes) + (f"<br><small>{interval}</small>" if interval else "")


def _notes(numbers: list[int]) -> str:
    return "".join(f"<sup>{n}</sup>" for n in numbers)


def _styled(view: Any) -> Any:
    return view.tab_options(
        table_font_names=["system-ui", "sans-serif"],
        table_font_size="14px",
        heading_align="left",
        heading_title_font_size="18px",
        table_border_top_color="#1f2430",
        table_border_bottom_color="#d5d9e0",
        column_labels_font_weight="600",
        row_group_font_weight="600",
    )
