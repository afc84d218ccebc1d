"""Which files the exhibits are, and the digest of all they are made from: what the two engines need to know."""

from pathlib import Path

from pipeline import source
from pipeline.exhibits import figures
from pipeline.files import digest as digest_of
from pipeline.files import sha256
from pipeline.plan import Plan
from pipeline.settings import Study

FORMATS = ("csv", "md", "tex", "html")


def of_study(study: Study) -> list[str]:
    """A study's tables and figures."""
    tables = [f"results/tables/{study.key}.{ending}" for ending in FORMATS]
    drawn = [
        f"results/figures/{study.key}-{name}.{ending}" for name in figures.names(study) for ending in ("svg", "png")
    ]
    return tables + drawn


def papers(root: Path = Path()) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in (root / "papers").glob("*.yaml"))


def digest(plan: Plan, study: str | None = None) -> str:
    """Changes when an exhibit must be made anew though no result did: its runs, study, code or templates."""
    keys = [study] if study else list(plan.studies)
    folder = source.PACKAGE / "exhibits"
    modules = [
        "pipeline.exhibits." + ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in sorted(folder.rglob("*.py"))
        if path.name != "__init__.py"
    ]
    templates = [sha256(path) for path in sorted((folder / "templates").rglob("*")) if path.is_file()]
    runs = [run.id for key in keys for run in plan.study_runs(key)]
    studies = [plan.studies[key].model_dump(mode="json", exclude={"budget"}) for key in keys]
    return digest_of([runs, studies, source.code_digest(*modules), templates])
