"""The table in Markdown."""

import re

from pipeline.exhibits.tables.model import Block, Entry, Row, Table


def text(table: Table) -> str:
    """Title, protocol, a table a variant, footnotes."""
    out = [f"# {_escape(table.title)}", "", _escape(" ".join(table.protocol)), ""]
    if table.phenomena:
        out += [*(f"- {_escape(line)}" for line in table.phenomena), ""]
    for block in table.blocks:
        out += _block(table, block)
    out += [f"{n}. {_escape(note)}" for n, note in enumerate(table.footnotes, 1)]
    out += [""] if table.footnotes else []
    out += [_escape(" ".join(table.legend)), "", _escape(table.hardware)]
    return "\n".join(out) + "\n"


def _block(table: Table, block: Block) -> list[str]:
    out = [f"## {_escape(block.variant)}", ""] if len(table.blocks) > 1 or block.changes else []
    changed = f"Changed: {block.changes}." if block.changes else ""
    out += [_escape(" ".join(filter(None, [f"{block.data}.", changed, block.reach]))), ""]
    heads = [_escape(head) for head in table.heads.values()]
    out.append("| " + " | ".join([table.subject, "Paper", *heads]) + " |")
    out.append("| " + " | ".join(["---", "---", *["---:"] * len(heads)]) + " |")
    return [*out, *(_row(table, row) for row in block.rows), ""]


def _row(table: Table, row: Row) -> str:
    roles = f" ({row.roles})" if row.roles else ""
    cells = [
        _escape(row.method) + roles + _notes(row.notes),
        _escape(row.paper),
        *(_entry(table, entry) for entry in row.entries),
    ]
    return "| " + " | ".join([*cells, *map(_escape, row.facts)]) + " |"


def _entry(table: Table, entry: Entry) -> str:
    mean, interval = table.text(entry)
    notes = _notes(entry.notes)
    if entry.estimate is None:
        return f"*{mean}*{notes}"
    shown = f"**{mean}**" if entry.best else f"<u>{mean}</u>" if entry.tied else mean
    return f"{shown}{entry.signs}{notes} {_escape(interval)}".strip()


def _notes(numbers: list[int]) -> str:
    return "".join(f"<sup>{n}</sup>" for n in numbers)


def _escape(text: str) -> str:
    escaped = re.sub(r"([\\`*_\[\]<>|#~$])", r"\\\1", " ".join(text.split())).replace("&", "&amp;")
    # at the start of a line these would begin a list
    return re.sub(r"^(\d*)([-+.)])(?= |$)", r"\1\\\2", escaped)
