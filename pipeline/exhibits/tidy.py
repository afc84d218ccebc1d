"""CSV files as the contracts have them: a line a row, numbers of six decimals."""

import csv
import io
from collections.abc import Iterable


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


def fixed(value: float | None) -> str:
    """Six decimals, zero without a sign; empty for None."""
    if value is None:
        return ""
    shown = f"{value:.6f}"
    return "0.000000" if shown == "-0.000000" else shown
