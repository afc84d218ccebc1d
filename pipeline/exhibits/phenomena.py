"""results/phenomena.csv: what each study is about, and whether its runs show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.exhibits import statistics
from pipeline.exhibits.cells import Results, Source, stated
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tidy import fixed, lines
from pipeline.files import write_text
from pipeline.planning import scope

if TYPE_CHECKING:
    from pipeline.planning.model import Phenomenon as Stated

COLUMNS = ["study", "phenomenon", "statement", "metric", "value", "ci_low", "ci_high", "bound", "holds", "source"]
Holds = Literal["yes", "no", "undecided"]


class Phenomenon(NamedTuple):
    """A phenomenon, judged: it holds where the whole interval is beyond the bound, and does not where none of it is."""

    stated: "Stated"
    estimate: Estimate | None
    holds: Holds
    source: Source

    @property
    def bound(self) -> str:
        """A sign and a number."""
        return f"> {self.stated.above:g}" if self.stated.above is not None else f"< {self.stated.below:g}"

    def line(self, study: str) -> list[str]:
        """In the order of COLUMNS."""
        found = self.estimate
        numbers = [fixed(found.mean), fixed(found.low), fixed(found.high)] if found else ["", "", ""]
        about = [study, self.stated.id, self.stated.statement, self.stated.metric]
        return [*about, *numbers, self.bound, self.holds, self.source]


def judge(results: Results) -> list[Phenomenon]:
    """The study's phenomena: of runs where all that one is about is made here, else as published."""
    return [_judge(results, each) for each in results.study.phenomena]


def _judge(results: Results, stated_: "Stated") -> Phenomenon:
    cells = [results.cells[side.variant, side.method] for side in stated_.sides]
    if any(cell.source != "run" for cell in cells):
        return _published(results, stated_)
    terms = [(s.weight, c.sample(s.metric)) for s, c in zip(stated_.sides, cells, strict=True)]
    whole = all(cell.whole(side.metric) for side, cell in zip(stated_.sides, cells, strict=True))
    estimate = statistics.contrast(terms)
    return Phenomenon(stated_, estimate, _holds(stated_, estimate) if whole else "undecided", "run")


def _holds(stated_: "Stated", estimate: Estimate | None) -> Holds:
    order, bound = (1, stated_.above) if stated_.above is not None else (-1, stated_.below)
    if estimate is None or estimate.low is None or bound is None:
        return "undecided"
    sides: Mapping[int, Holds] = {1: "yes", 0: "undecided", -1: "no"}
    return sides[order * estimate.less(bound).sign]


def _published(results: Results, stated_: "Stated") -> Phenomenon:
    line = results.published.phenomena.get(stated_.id) if results.published else None
    if line is None or line["asked"] != scope.stated(stated_):
        return Phenomenon(stated_, None, "undecided", "published_earlier")
    runs = [run for side in stated_.sides for run in results.planned[side.variant, side.method]]
    source: Source = "published" if line["answered"] == scope.answered(runs) else "published_earlier"
    holds: Mapping[str, Holds] = {"yes": "yes", "no": "no"}
    estimate = stated(line, "value", "ci_low", "ci_high")
    return Phenomenon(stated_, estimate, holds.get(line["holds"], "undecided"), source)


def write(read: Mapping[str, Results], root: Path) -> Path:
    """Write results/phenomena.csv below `root`, study by study, each in its own order; return the path."""
    path = root / "results" / "phenomena.csv"
    write_text(path, lines(COLUMNS, [found.line(key) for key, results in read.items() for found in judge(results)]))
    return path
