"""`python -m pipeline STAGE TARGET`: every stage of the pipeline as a command."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.errors import UserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Recount: regenerate the tables and figures of a research field, and recount its papers' claims.",
)
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A value in place of params.yaml's, such as tier=gpu. Repeatable."),
]
ROOT = Path()


def run(arguments: list[str]) -> int:
    """Run a command. Bad input is one line on standard error and exit code 2."""
    try:
        app(arguments, prog_name="python -m pipeline", standalone_mode=False)
    except UserError as error:
        return _complain(str(error))
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _complain(f"{error.filename or 'disk'}: no space left; free some and run again, nothing was lost")
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: unknown command or option, missing argument
            return _complain(error.format_message())
        raise
    return 0


def _complain(message: str) -> int:
    print(f"recount: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _plan(overrides: list[str] | None, only: str | None = None) -> Any:
    import yaml

    from pipeline import plan

    values = {}
    for text in overrides or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {text}: expected KEY=VALUE, such as tier=gpu")
        try:
            values[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"--set {text}: '{value}' is not valid YAML") from None
    return plan.load(ROOT, values, only)


@app.command("plan")
def plan_command(
    as_json: Annotated[bool, typer.Option("--json", help="The whole plan as JSON on standard output.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write results/plan/, which DVC's stages depend on.")] = False,
    overrides: Overrides = None,
) -> None:
    """List the runs that params.yaml and studies/ ask for."""
    from pipeline import stages

    plan = _plan(overrides)
    if as_json:
        print(json.dumps(plan.to_json(), indent=1))
        return
    if write:
        from pipeline import records

        records.write_plan(plan, ROOT)
        return
    for run in plan.runs:
        print(f"{'done   ' if stages.complete(run, ROOT) else 'planned'} {run.path}")


@app.command()
def prepare(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="A data set; all the plan's when left out.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a data set's arrays and manifest to data/prepared/."""
    from pipeline import datasets

    for key in [dataset] if dataset else _plan(overrides).datasets:
        print(datasets.prepare(key, ROOT))


Target = Annotated[str, typer.Argument(metavar="RUN|STUDY", help="A run's folder, or a study for all its runs.")]


@app.command()
def train(target: Target, overrides: Overrides = None) -> None:
    """Train a run, or a study's runs.

    A run (runs/STUDY/METHOD/VARIANT-sSEED-HASH) resumes from its checkpoint if there is one. With a study: train
    what is not trained yet, one run after another, and write results/curves/STUDY.csv.
    """
    plan, runs, study = _target(target, overrides)
    for run in runs:
        _train(run)
    if study:
        from pipeline import records

        print(records.write_curves(plan, study, ROOT))


@app.command()
def evaluate(target: Target, overrides: Overrides = None) -> None:
    """Evaluate a trained run, or a study's.

    Writes result.json and predictions.npz and sends the run to the tracking store. With a study: evaluate what is
    not evaluated yet and write results/metrics/STUDY.json.
    """
    plan, runs, study = _target(target, overrides)
    for run in runs:
        _evaluate(run, plan)
    if study:
        from pipeline import records

        print(records.write_metrics(plan, study, ROOT))


def _target(target: str, overrides: list[str] | None) -> tuple[Any, list[Any], str | None]:
    """The plan of the target's study, the target's runs, and the study where the target is one."""
    from pipeline import stages

    parts = target.split("/")
    if parts[0] == "runs" and len(parts) > 2:
        plan = _plan(overrides, parts[1])
        return plan, [stages.find(plan, target)], None
    plan = _plan(overrides, target)
    return plan, plan.study_runs(target), target


def _train(run: Any) -> None:
    from pipeline import progress, stages, tracking

    if not run.trains:
        return
    with stages.alone(run, ROOT) as done:
        if done("train.json"):
            return
        live = tracking.Live(run, ROOT)
        with progress.bar(run) as show:

            def report(row: dict[str, Any]) -> None:
                show(row)
                live.epoch(row)

            record = stages.train(run, ROOT, report)
        live.close(record["status"])
    _warn(run, record)


def _evaluate(run: Any, plan: Any) -> None:
    from pipeline import stages, tracking

    with stages.alone(run, ROOT) as done:
        if not done("result.json"):
            result = stages.evaluate(run, plan, ROOT)
            print(f"{run.path}: {result['status']} {json.dumps(result['metrics'])}")
            _warn(run, result)
    tracking.send(run, ROOT)


def _warn(run: Any, record: dict[str, Any]) -> None:
    if record["status"] != "ok":
        print(f"warning: {run.path} is {record['status']}: {record['reason']}", file=sys.stderr)


@app.command()
def table(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the plan.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="files|mlflow", help="Where results are read: run folders, or the tracking store alone."
        ),
    ] = "files",
    overrides: Overrides = None,
) -> None:
    """Write a study's tables and figures."""
    from pipeline.exhibits import figures, frame, tables

    plan = _plan(overrides)
    plan.study(study)
    sources: dict[str, Callable[[], Any]] = {"files": lambda: frame.Files(ROOT), "mlflow": lambda: _mlflow(plan)}
    if source not in sources:
        from pipeline.errors import unknown

        raise unknown("source", source, sources, "--from")
    chosen = sources[source]()
    tables.write(plan, study, ROOT, chosen)
    figures.write(plan, study, ROOT, chosen)
    print(f"results/tables/{study}.csv")


def _mlflow(plan: Any) -> Any:
    from pipeline import tracking

    return tracking.MlflowSource(plan, ROOT)


@app.command()
def claims(overrides: Overrides = None) -> None:
    """Write results/claims.csv, the verdicts."""
    from pipeline import papers as papers_
    from pipeline.exhibits import claims as claims_
    from pipeline.exhibits import frame

    claims_.write(_plan(overrides), papers_.load(ROOT), ROOT, frame.Files(ROOT))
    print("results/claims.csv")


@app.command()
def report(overrides: Overrides = None) -> None:
    """Write results/report.html and track the exhibits."""
    from pipeline import papers as papers_
    from pipeline import tracking
    from pipeline.exhibits import frame, page

    plan = _plan(overrides)
    source = frame.Files(ROOT)
    page.write(plan, papers_.load(ROOT), ROOT, source)
    try:
        print(tracking.sync(plan, ROOT))
    except UserError as error:  # the report is written all the same; `track` sends what is missing later
        print(f"warning: not tracked: {error}", file=sys.stderr)
    for run, result in zip(plan.runs, source.results(plan.runs), strict=True):
        _warn(run, result)
    print("results/report.html")


@app.command()
def methods(
    key: Annotated[str | None, typer.Argument(metavar="[METHOD]", help="A method, for its settings.")] = None,
) -> None:
    """List the methods found in pipeline/methods/, or one method's settings."""
    from rich.console import Console
    from rich.table import Table

    from pipeline import source

    console = Console()
    if key is None:
        grid = Table("method", "family", "driver", "paper", "mechanism", box=None)
        for name in sorted(source.method_modules()):
            info = source.method(name)
            grid.add_row(name, info.family, info.driver, info.paper, info.title)
        console.print(grid)
        return
    info = source.method(key)
    console.print(f"[bold]{info.name}[/] ({info.module}): {info.title}")
    grid = Table("setting", "type", "default", "unit", "range", box=None)
    for setting in info.settings.values():
        span = f"{'' if setting.low is None else setting.low} .. {'' if setting.high is None else setting.high}"
        choices = ", ".join(map(str, setting.choices or ()))
        grid.add_row(setting.name, setting.kind.__name__, str(setting.default), setting.unit, choices or span)
    console.print(grid)


@app.command()
def papers(
    key: Annotated[str | None, typer.Argument(metavar="[PAPER]", help="A paper, for its claims.")] = None,
) -> None:
    """List the papers of papers/, or one paper's claims."""
    from rich.console import Console
    from rich.table import Table

    from pipeline import papers as papers_
    from pipeline.errors import unknown

    found = papers_.load(ROOT)
    console = Console()
    if key is None:
        grid = Table("paper", "year", "status", "claims", "methods", "title", box=None)
        for name, paper in found.items():
            known = ", ".join(paper.methods)
            grid.add_row(name, str(paper.year), paper.status, str(len(paper.claims)), known, paper.title)
        console.print(grid)
        return
    if key not in found:
        raise unknown("paper", key, found)
    for claim in found[key].claims:
        console.print(f"[bold]{claim.id}[/]: {claim.statement}")
        console.print(
            f"  {claim.test.model_dump(exclude_defaults=True) if claim.test else claim.why_not}", markup=False
        )


@app.command()
def track(overrides: Overrides = None) -> None:
    """Send to the tracking store what it lacks."""
    from pipeline import tracking

    print(tracking.sync(_plan(overrides), ROOT))


@app.command()
def ui(port: Annotated[int, typer.Option(help="On localhost only.")] = 5000) -> None:
    """Open MLflow's pages on localhost, until interrupted."""
    from pipeline import tracking

    command = tracking.ui_command(ROOT, port)
    os.execv(command[0], command)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only list.")] = False,
    overrides: Overrides = None,
) -> None:
    """List or delete runs no longer planned."""
    planned = {run.path for run in _plan(overrides).runs}
    stale = sorted(str(path.parent) for path in ROOT.glob("runs/*/*/*/*.json"))
    for path in sorted(set(stale) - planned):
        if yes:
            shutil.rmtree(path)
        print(f"{'deleted' if yes else 'stale'} {path}")


@app.command()
def doctor() -> None:
    """Say what this machine offers."""
    import importlib.metadata

    from pipeline import datasets, tracking
    from pipeline.device import choose

    print(f"python       {sys.version.split()[0]}")
    for package in ("torch", "torchvision", "numpy", "pydantic", "safetensors", "polars", "mlflow", "snakemake", "dvc"):
        try:
            print(f"{package:12} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"{package:12} missing: `make .venv/.installed` installs requirements.lock")
    device = choose()
    print(f"device       {device.torch.type}: {device.name}, {device.precision}, {os.cpu_count()} cores")
    for key in datasets.known():
        ready = (ROOT / "data/prepared" / key / "manifest.json").exists()
        print(f"data         {key}: {'prepared' if ready else 'not prepared'}")
    print(f"tracking     {tracking.store_uri(ROOT)}")
    try:
        plan = _plan(None)
        print(f"plan         {len(plan.runs)} runs, {len(plan.studies)} studies, tier {plan.tier}")
    except UserError as error:
        print(f"plan         {error}")
