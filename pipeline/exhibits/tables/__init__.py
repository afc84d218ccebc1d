"""results/tables/<study>: the tidy CSV, and the same numbers as a paper would set them.

`build` makes the table and `words` the sentences around it; `markdown`, `latex` and `html` print it. The CSV is
written from the results themselves and has every metric that was recorded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exhibits import claims
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.tables import build, csv, html, latex, markdown, theorems
from pipeline.exhibits.tables.model import Table
from pipeline.files import write_text

if TYPE_CHECKING:
    from pipeline.planning.model import Paper


def of(results: Results, found: list[Verdict]) -> Table:
    """The study's table: of methods by metrics, or where it has none, of the verdicts on what papers state."""
    return build.table(results) if results.study.metrics else theorems.table(results, found)


def write(results: Results, papers: "Mapping[str, Paper]") -> list[Path]:
    """Write the study's .csv, .md, .tex and .html below its root's results/tables; return their paths."""
    key = results.study.key
    stated = {} if results.study.metrics else claims.of_study(papers, key)
    table = of(results, claims.judge(results.plan, stated, results.root, read={key: results}))
    content = {
        "csv": csv.text(results),
        "md": markdown.text(table),
        "tex": latex.text(table),
        "html": html.text(table),
    }
    paths = [results.root / "results" / "tables" / f"{results.study.key}.{suffix}" for suffix in content]
    for path, text in zip(paths, content.values(), strict=True):
        write_text(path, text)
    results.known.keep("table")
    return paths
