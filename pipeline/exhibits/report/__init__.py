"""results/report.html and results/report/: an index and a page a study, which open offline.

`index` and `study` make the two kinds of page from templates; `verdicts` shows claims on both, `environment` says
where and when the runs were made, `pages` is what all share.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exhibits import claims
from pipeline.exhibits.cells import Results
from pipeline.exhibits.frame import PlanLike, Records
from pipeline.exhibits.report import index, study
from pipeline.files import write_text, written

if TYPE_CHECKING:
    from pipeline.planning.model import Paper


def write(
    plan: PlanLike, papers: "Mapping[str, Paper]", root: str | Path = ".", records: Records | None = None
) -> Path:
    """Write results/report.html and results/report/<study>.html below `root`; return the path of the former.

    The figures are those already in results/figures (UserError if not). Pages of studies that are no longer planned
    are removed.
    """
    read = {key: Results(plan, key, root, records) for key in plan.studies}
    verdicts = claims.judge(plan, papers, root, records, read)
    pages = {f"{key}.html": study.text(results, read, verdicts, papers) for key, results in read.items()}
    first = index.text(plan, read, verdicts, papers)
    folder = Path(root) / "results" / "report"
    for name, text in pages.items():
        write_text(folder / name, text)
    for path in written(folder, "*.html"):
        if path.name not in pages:
            path.unlink()
    path = folder.with_suffix(".html")
    write_text(path, first)
    return path
