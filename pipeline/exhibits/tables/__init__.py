"""results/tables/<study>: the tidy CSV, and the same numbers as a paper would set them.

`build` makes the table and `words` the sentences around it; `markdown`, `latex` and `html` print it. The CSV is
written from the results themselves and has every metric that was recorded.
"""

from pathlib import Path

from pipeline.exhibits.cells import Results
from pipeline.exhibits.tables import build, csv, html, latex, markdown
from pipeline.files import write_text


def write(results: Results) -> list[Path]:
    """Write the study's .csv, .md, .tex and .html below its root's results/tables; return their paths."""
    table = build.table(results)
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
