"""Which files the exhibits are, and the digest of all they are made from: what the two engines need to know.

An exhibit's last file is its stamp, `results/made/<exhibit>/<digest>.json`. As with runs, what an exhibit is made from
stands in a path: one that must be made anew lacks a file, whatever the times of the others, and on any machine.
"""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import files
from pipeline.exhibits import figures, labels
from pipeline.files import digest as digest_of
from pipeline.files import matching, part, read_sealed, sha256, turn, write_sealed
from pipeline.metrics import describe
from pipeline.planning import code, identity

if TYPE_CHECKING:
    from pipeline.planning.model import Plan, Study

FORMATS = ("csv", "md", "tex", "html")
MADE = Path("results/made")


@dataclass(frozen=True)
class Exhibit:
    name: str
    """A folder of results/made/."""
    files: tuple[str, ...]
    digest: str
    """Of all that it is made from, beside the content of results."""

    @property
    def outputs(self) -> list[str]:
        """Its files, the stamp last."""
        return [*self.files, str(MADE / self.name / f"{self.digest[:8]}.json")]


def table(plan: "Plan", study: str) -> Exhibit:
    """A study's tables and figures."""
    return Exhibit(f"table-{study}", tuple(of_study(plan.study(study))), digest(plan, study))


def curves(plan: "Plan", study: str) -> Exhibit:
    """What DVC shows of a study's training."""
    made_by = identity.digest("pipeline.exhibits.records:write_curves")
    trained = [run.trained for run in plan.made(study) if run.trains]
    return Exhibit(f"curves-{study}", (f"results/curves/{study}.csv",), digest_of([trained, made_by]))


def metrics(plan: "Plan", study: str) -> Exhibit:
    """What DVC shows of a study's evaluation."""
    made_by = identity.digest("pipeline.exhibits.records:write_metrics")
    content = [_runs(plan, study), list(plan.studies[study].metrics), made_by]
    return Exhibit(f"metrics-{study}", (f"results/metrics/{study}.json",), digest_of(content))


def _runs(plan: "Plan", study: str) -> list[Any]:
    """A study's runs, which of them are made here, and what is published of it."""
    there = plan.published.get(study)
    return [[(run.path, plan.makes(run)) for run in plan.study_runs(study)], there and there.seal]


def claims(plan: "Plan", root: Path = Path()) -> Exhibit:
    return Exhibit("claims", ("results/claims.csv", "results/phenomena.csv"), _of_papers(plan, root))


def report(plan: "Plan", root: Path = Path()) -> Exhibit:
    """The first page, and a page a study."""
    pages = ("results/report.html", *(f"results/report/{key}.html" for key in plan.studies))
    return Exhibit("report", pages, _of_papers(plan, root))


def _of_papers(plan: "Plan", root: Path) -> str:
    papers = sorted((root / "papers").glob("*.yaml"))
    return digest_of([digest(plan), [(path.name, sha256(path)) for path in papers]])


@contextlib.contextmanager
def making(exhibit: Exhibit, root: Path) -> Iterator[None]:
    """Make an exhibit within this: one process at a time, without a stamp meanwhile, with one when all went well."""
    with _alone(exhibit.name, root):
        _spoil(exhibit.name, root)
        yield
        *made, stamp = (root / path for path in exhibit.outputs)
        write_sealed(stamp, {"id": exhibit.digest}, made)


def verify(exhibit: Exhibit, root: Path) -> None:
    """Raise UserError where a file of the exhibit is missing or is not as it was written."""
    _verify(root / exhibit.outputs[-1], exhibit.digest)


def sound(exhibit: Exhibit, root: Path) -> bool:
    """Whether all its files are there, as they were written; of what has been changed, a line on standard error."""
    if not all((root / path).exists() for path in exhibit.outputs):
        return False
    if files.sound(root / exhibit.outputs[-1], exhibit.digest):
        return True
    print(f"recount: {exhibit.name}: changed since it was written, and made again", file=sys.stderr)
    return False


def verify_made(name: str, root: Path) -> None:
    """The same of an exhibit by its name, whatever it was made from; nothing where it has no stamp."""
    with _alone(name, root):
        for stamp in matching(root / MADE / name, "*.json"):
            _verify(stamp)


def _verify(stamp: Path, identity: str | None = None) -> None:
    record = read_sealed(stamp, identity)
    for name in record["files"]:
        part(stamp, record, name)


FROM_TRAINING = ("curves-{study}",)
FROM_RESULTS = ("metrics-{study}", "table-{study}", "claims", "report")


def spoil(names: Iterable[str], study: str, root: Path) -> None:
    """Take stamps away: what these exhibits are made from is about to be made anew under the same name."""
    for pattern in names:
        name = pattern.format(study=study)
        with _alone(name, root):
            _spoil(name, root)


def _alone(name: str, root: Path) -> contextlib.AbstractContextManager[None]:
    return turn(root / ".recount" / "made" / f"{name}.lock")


def _spoil(name: str, root: Path) -> None:
    for stamp in matching(root / MADE / name, "*.json"):
        stamp.unlink(missing_ok=True)


def of_study(study: "Study") -> list[str]:
    """A study's tables and figures."""
    tables = [f"results/tables/{study.key}.{ending}" for ending in FORMATS]
    drawn = [
        f"results/figures/{study.key}-{name}.{ending}" for name in figures.names(study) for ending in ("svg", "png")
    ]
    return tables + drawn


def digest(plan: "Plan", study: str | None = None) -> str:
    """Changes when an exhibit must be made anew though no result did: its runs, study, metrics, code or templates.

    With a study: of its tables and figures; without: of claims and report.
    """
    keys = [study] if study else list(plan.studies)
    studies = [plan.studies[key] for key in keys]
    drawn = sorted({name for each in studies for name in figures.names(each)})
    roots = [f"pipeline.exhibits.{part}:write" for part in ("tables", "figures", *([] if study else _WHOLE))]
    roots += [f"pipeline.exhibits.figures.{name}" for name in drawn]
    measured = sorted({name for each in studies for name in each.measured})
    described = sorted({describe(name) for name in measured}, key=lambda metric: metric.name)
    # which exhibits compute anew from what runs have kept
    roots += [f"pipeline.metrics.{metric.name}:compute" for metric in described if metric.redrawn]
    roots += ["pipeline.planning.information:of"]
    return digest_of(
        [
            [(run.id, plan.makes(run)) for key in keys for run in plan.study_runs(key)],
            [there.seal if (there := plan.published.get(key)) else "" for key in keys],
            [each.model_dump(mode="json", exclude={"budget"}) for each in studies],
            [_theorems(plan, each) for each in studies],
            [(name, labels.metric(name)) for name in measured],
            [str(metric) for metric in described],
            identity.digest(*roots),
            [] if study else _templates(),
        ]
    )


def _theorems(plan: "Plan", study: "Study") -> list[Any]:
    """What papers claim of a study whose table has no metrics but theorems, which stand in it."""
    if study.metrics:
        return []
    return [
        (paper.key, paper.title, paper.year, claim.model_dump(mode="json"))
        for paper in plan.papers.values()
        for claim in paper.claims
        if claim.test and claim.test.study == study.key
    ]


_WHOLE = ("claims", "report")
"""What is made of all studies together."""


def _templates() -> list[str]:
    return [sha256(path) for path in sorted((code.PACKAGE / "exhibits" / "templates").rglob("*")) if path.is_file()]
