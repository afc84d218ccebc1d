"""Which files the exhibits are, and the digest of all they are made from: what the two engines need to know."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exhibits import figures, labels
from pipeline.files import digest as digest_of
from pipeline.files import sha256
from pipeline.planning import code, identity

if TYPE_CHECKING:
    from pipeline.planning.model import Plan, Study

FORMATS = ("csv", "md", "tex", "html")


def of_study(study: "Study") -> list[str]:
    """A study's tables and figures."""
    tables = [f"results/tables/{study.key}.{ending}" for ending in FORMATS]
    drawn = [
        f"results/figures/{study.key}-{name}.{ending}" for name in figures.names(study) for ending in ("svg", "png")
    ]
    return tables + drawn


def report(plan: "Plan") -> list[str]:
    """The report's first page, and a page a study."""
    return ["results/report.html", *(f"results/report/{key}.html" for key in plan.studies)]


def papers(root: Path = Path()) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in (root / "papers").glob("*.yaml"))


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
    return digest_of(
        [
            [run.id for key in keys for run in plan.study_runs(key)],
            [each.model_dump(mode="json", exclude={"budget"}) for each in studies],
            [(name, labels.metric(name), str(labels.bounds(name)), labels.direction(name)) for name in measured],
            identity.digest(*roots),
            [] if study else _templates(),
        ]
    )


_WHOLE = ("claims", "report")
"""What is made of all studies together."""


def _templates() -> list[str]:
    return [sha256(path) for path in sorted((code.PACKAGE / "exhibits" / "templates").rglob("*")) if path.is_file()]
