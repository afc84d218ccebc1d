"""The table in LaTeX, by booktabs: one that fits a page, or a longtable; on its side where it is wide."""

import re
import unicodedata

from pipeline.exhibits import labels
from pipeline.exhibits.tables.model import DASH, Entry, Row, Table

_ESCAPED = {
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
    "‡": r"$^\ddagger$",
    "×": r"$\times$",
    labels.MINUS: "$-$",
    DASH: "--",
    **{c: f"${name}$" for c, name in {"→": r"\to", "←": r"\gets", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq"}.items()},
    **{c: f"${name}$" for c, name in {"≈": r"\approx", "∞": r"\infty", "√": r"\surd", "∈": r"\in"}.items()},
}
KNOWN = re.compile("[\x20-\x7e\xa1-\u017f–—‘’“”„…•€™]")
"""What LaTeX prints as it is: since 2018 it reads UTF-8, and knows so much of it without further packages."""
_WORDS = re.compile(r"\S+")
CAPITAL = _WORDS.findall("A B Gamma Delta E Z H Theta I K Lambda M N Xi O Pi P - Sigma T Upsilon Phi X Psi Omega")
SMALL = _WORDS.findall(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon phi "
    "chi psi omega"
)
"""Greek letters in Unicode's order, by what LaTeX calls them; those of one letter look as a Latin one does."""
_ESCAPED |= {
    chr(ord(first) + place): f"$\\{name}$" if len(name) > 1 else name
    for first, names in (("Α", CAPITAL), ("α", SMALL))
    for place, name in enumerate(names)
}
ROWS = 40
"""More do not fit a page."""
COLUMNS = 6
"""More do not fit a page that stands upright."""


def text(table: Table) -> str:
    """What is to be included in a document; its first line names the packages that it needs."""
    long = sum(len(block.rows) for block in table.blocks) > ROWS
    wide = len(table.heads) > COLUMNS
    packages = ["booktabs", *["longtable"] * long, *["pdflscape"] * wide]
    out = [rf"% needs \usepackage{{{','.join(packages)}}}", *[r"\begin{landscape}"] * wide]
    out += _head(table, long, wide)
    for block in table.blocks:
        out += [r"\midrule", rf"\multicolumn{{{len(table.heads) + 1}}}{{l}}{{\emph{{{_escape(block.about)}}}}} \\"]
        out += [_row(table, row, wide) for row in block.rows]
    out += [r"\bottomrule", r"\end{longtable}" if long else r"\end{tabular}", *[r"\par}"] * long]
    out += _foot(table, long)
    out += [*[r"\end{table}"] * (not long), *[r"\end{landscape}"] * wide]
    return "\n".join(out) + "\n"


def _head(table: Table, long: bool, wide: bool) -> list[str]:
    heads = [_escape(head) for head in table.heads.values()]
    if wide:
        heads = [rf"\parbox[b]{{17mm}}{{\raggedleft {head}}}" for head in heads]
    caption = rf"\caption{{{_escape(table.title)}. {_escape(' '.join(table.protocol))}}}"
    columns = [r"\toprule", " & ".join([table.subject, *heads]) + r" \\"]
    out = ["{"] if long else [r"\begin{table}", r"\centering", caption]
    out += [r"\scriptsize\setlength{\tabcolsep}{3pt}" if wide else r"\small"]
    out += [rf"\begin{{{'longtable' if long else 'tabular'}}}{{{_columns(table)}}}"]
    if not long:
        return out + columns
    return [*out, caption + r" \\", *columns, r"\endfirsthead", *columns, r"\midrule", r"\endhead"]


def _columns(table: Table) -> str:
    """Where rows are sentences, and so is what stands beside them, columns break lines."""
    if not table.metrics:
        return "p{48mm}" + "p{24mm}" * len(table.heads)
    return "l" + "r" * len(table.heads)


def _row(table: Table, row: Row, wide: bool) -> str:
    roles = rf" {{\scriptsize ({row.roles})}}" if row.roles else ""
    cells = [_escape(row.method) + roles + _notes(row.notes), *(_entry(table, entry, wide) for entry in row.entries)]
    return " & ".join([*cells, *map(_escape, row.facts)]) + r" \\"


def _entry(table: Table, entry: Entry, wide: bool) -> str:
    mean, interval = map(_escape, table.text(entry))
    if entry.estimate is None:
        return rf"\emph{{{mean}}}" + _notes(entry.notes)
    mark = rf"\textbf{{{mean}}}" if entry.best else rf"\underline{{{mean}}}" if entry.tied else mean
    size = r"\tiny" if wide else r"\scriptsize"
    spread = rf" {{{size} {interval}}}" if interval else ""
    return mark + _escape(entry.signs) + _notes(entry.notes) + spread


def _notes(numbers: list[int]) -> str:
    return "".join(f"$^{{{n}}}$" for n in numbers)


def _foot(table: Table, long: bool) -> list[str]:
    out = ["", r"\smallskip", r"\noindent" * long + r"\begin{minipage}{\linewidth}\footnotesize"]
    out += [rf"$^{{{n}}}$ {_escape(note)}\\" for n, note in enumerate(table.footnotes, 1)]
    out += [rf"{_escape(line)}\\" for line in table.phenomena]
    return [*out, _escape(" ".join(table.legend)) + r"\\", _escape(table.hardware), r"\end{minipage}"]


def _escape(text: str) -> str:
    return "".join(_ESCAPED.get(c) or _known(c) for c in " ".join(text.split()))


def _known(letter: str) -> str:
    """A letter in LaTeX: itself, without marks where it has them, else its number."""
    if KNOWN.fullmatch(letter):
        return letter
    parts = [_ESCAPED.get(c) or c * (c.isascii() and c.isprintable()) for c in unicodedata.normalize("NFKD", letter)]
    return "".join(parts) or rf"\texttt{{U+{ord(letter):04X}}}"
