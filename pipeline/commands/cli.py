"""`python -m pipeline STAGE TARGET`: every stage of the pipeline as a command."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from pipeline.commands import jobs
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


def run(arguments: list[str]) -> int:
    """Run a command; the exit code. Bad input is one line on standard error and exit code 2."""

    def call() -> int:
        try:
            # outside its standalone mode typer returns what `Exit` carries
            return app(arguments, prog_name="python -m pipeline", standalone_mode=False) or 0
        except typer.Abort:
            return 130
        except Exception as error:
            if hasattr(error, "format_message"):  # click's own: unknown command or option, missing argument
                raise UserError(error.format_message()) from None
            raise

    return jobs.guarded(call)


@app.command("plan")
def plan_command(
    as_json: Annotated[bool, typer.Option("--json", help="The whole plan as JSON on standard output.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write results/plan/, which DVC's stages depend on.")] = False,
    overrides: Overrides = None,
) -> None:
    """List the runs that params.yaml and studies/ ask for."""
    from pipeline.commands import stages

    plan = jobs.plan(overrides)
    if as_json:
        print(json.dumps(plan.to_json(), indent=1))
        return
    if write:
        from pipeline.exhibits import records

        records.write_plan(plan, jobs.ROOT)
        return
    for run in plan.runs:
        print(f"{'done   ' if stages.complete(run, jobs.ROOT) else 'planned'} {run.path}")


@app.command()
def prepare(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="A data set; all the plan's when left out.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a data set's arrays and manifest to data/prepared/."""
    from pipeline import modalities

    for key in [dataset] if dataset else jobs.plan(overrides).datasets:
        print(modalities.prepare(key, jobs.ROOT))


Target = Annotated[str, typer.Argument(metavar="RUN|STUDY", help="A run's folder, or a study for all its runs.")]


@app.command()
def train(target: Target, overrides: Overrides = None) -> None:
    """Train a run, or a study's runs.

    A run (runs/STUDY/METHOD/VARIANT-sSEED-HASH) resumes from its checkpoint if there is one. With a study: train
    what is not trained yet, one run after another, and write results/curves/STUDY.csv.
    """
    jobs.train(target, overrides)


@app.command()
def evaluate(target: Target, overrides: Overrides = None) -> None:
    """Evaluate a trained run, or a study's.

    Writes result.json and predictions.npz and sends the run to the tracking store. With a study: evaluate what is
    not evaluated yet and write results/metrics/STUDY.json.
    """
    jobs.evaluate(target, overrides)


@app.command()
def table(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the plan.")],
    origin: Annotated[
        str,
        typer.Option(
            "--from", metavar="files|mlflow", help="Where results are read: run folders, or the tracking store alone."
        ),
    ] = "files",
    overrides: Overrides = None,
) -> None:
    """Write a study's tables and figures."""
    from pipeline.errors import unknown
    from pipeline.exhibits import figures, frame, tables

    plan = jobs.plan(overrides)
    plan.study(study)
    origins: dict[str, Callable[[], Any]] = {"files": lambda: frame.Files(jobs.ROOT), "mlflow": lambda: _mlflow(plan)}
    if origin not in origins:
        raise unknown("origin of results", origin, origins, "--from")
    records = origins[origin]()
    tables.write(plan, study, jobs.ROOT, records)
    figures.write(plan, study, jobs.ROOT, records)
    print(f"results/tables/{study}.csv")


def _mlflow(plan: Any) -> Any:
    from pipeline import tracking

    return tracking.MlflowRecords(plan, jobs.ROOT)


@app.command()
def claims(overrides: Overrides = None) -> None:
    """Write results/claims.csv, the verdicts."""
    from pipeline.exhibits import claims as claims_
    from pipeline.exhibits import frame
    from pipeline.planning import papers as papers_

    claims_.write(jobs.plan(overrides), papers_.load(jobs.ROOT), jobs.ROOT, frame.Files(jobs.ROOT))
    print("results/claims.csv")


@app.command()
def report(overrides: Overrides = None) -> None:
    """Write results/report.html with a page a study, and track the exhibits."""
    from pipeline import tracking
    from pipeline.exhibits import frame
    from pipeline.exhibits import report as report_
    from pipeline.planning import papers as papers_

    plan = jobs.plan(overrides)
    records = frame.Files(jobs.ROOT)
    report_.write(plan, papers_.load(jobs.ROOT), jobs.ROOT, records)
    try:
        print(tracking.sync(plan, jobs.ROOT))
    except UserError as error:  # the report is written all the same; `track` sends what is missing later
        print(f"warning: not tracked: {error}", file=sys.stderr)
    for run, result in zip(plan.runs, records.results(plan.runs), strict=True):
        jobs.warn(run, result)
    print("results/report.html")


@app.command()
def methods(
    key: Annotated[str | None, typer.Argument(metavar="[METHOD]", help="A method, for its settings.")] = None,
) -> None:
    """List the methods found in pipeline/methods/, or one method's settings."""
    from rich.console import Console
    from rich.table import Table

    from pipeline.planning import code

    console = Console()
    if key is None:
        grid = Table("method", "family", "kind", "paper", "mechanism", box=None)
        for name in sorted(code.method_modules()):
            info = code.method(name)
            grid.add_row(name, info.family, info.kind.replace("_", " "), info.paper, info.title)
        console.print(grid)
        return
    info = code.method(key)
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

    from pipeline.errors import unknown
    from pipeline.planning import papers as papers_

    found = papers_.load(jobs.ROOT)
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
def search(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study with a `search`.")],
    write: Annotated[bool, typer.Option("--write", help="Write the best rates to studies/STUDY.rates.yaml.")] = False,
    overrides: Overrides = None,
) -> None:
    """Show what a study's search of learning rates found; `make search STUDY=...` runs it and writes the best rates.

    Exit code 1 where the study has another rate than the best one, and this is not to be written.
    """
    from rich.console import Console
    from rich.table import Table

    from pipeline.planning import search as search_

    values = [*(overrides or []), f"studies={json.dumps([study, study + search_.ENDING])}"]
    plan = jobs.plan(values)
    found = search_.choices(plan, study, jobs.ROOT)
    rates = sorted({rate for choice in found for rate in choice.scores})
    grid = Table("method", *(f"{rate:g}" for rate in rates), "best", "study", "", box=None)
    wrong = 0
    for choice in found:
        scores = [choice.scores.get(rate) for rate in rates]
        cells = ["-" if score is None else f"{score:.2f}" for score in scores]
        differs = choice.best is not None and choice.best != choice.stated
        wrong += differs
        best = "-" if choice.best is None else f"{choice.best:g}"
        grid.add_row(choice.method, *cells, best, f"{choice.stated:g}", "differs" if differs else "")
    Console(width=100).print(grid)
    if write:
        print(search_.write(found, study, plan.tier, jobs.ROOT))
    elif wrong:
        print(f"{study} has another rate than the best one for {wrong} methods; --write mends that", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def track(overrides: Overrides = None) -> None:
    """Send to the tracking store what it lacks."""
    from pipeline import tracking

    print(tracking.sync(jobs.plan(overrides), jobs.ROOT))


@app.command()
def ui(port: Annotated[int, typer.Option(help="On localhost only.")] = 5000) -> None:
    """Open MLflow's pages on localhost, until interrupted."""
    from pipeline import tracking

    command = tracking.ui_command(jobs.ROOT, port)
    os.execv(command[0], command)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only list.")] = False,
    overrides: Overrides = None,
) -> None:
    """List or delete runs no longer planned."""
    plan = jobs.plan(overrides)
    planned = plan.by_path.keys() | plan.by_trained.keys()
    there = {str(path) for tree in ("runs", "trained") for path in jobs.ROOT.glob(f"{tree}/*/*/*") if path.is_dir()}
    for path in sorted(there - planned):
        if yes:
            shutil.rmtree(path)
        print(f"{'deleted' if yes else 'stale'} {path}")


@app.command()
def doctor() -> None:
    """Say what this machine offers."""
    import importlib.metadata

    from pipeline import modalities, tracking
    from pipeline.training.device import choose

    print(f"python       {sys.version.split()[0]}")
    for package in ("torch", "torchvision", "numpy", "pydantic", "safetensors", "polars", "mlflow", "snakemake", "dvc"):
        try:
            print(f"{package:12} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"{package:12} missing: `make .venv/.installed` installs requirements.lock")
    device = choose()
    print(f"device       {device.torch.type}: {device.name}, {device.precision}, {os.cpu_count()} cores")
    for key in modalities.known():
        ready = (modalities.folder(key, jobs.ROOT) / "manifest.json").exists()
        print(f"data         {key}: {'prepared' if ready else 'not prepared'}")
    print(f"tracking     {tracking.store_uri(jobs.ROOT)}")
    try:
        plan = jobs.plan(None)
        print(f"plan         {len(plan.runs)} runs, {len(plan.studies)} studies, tier {plan.tier}")
    except UserError as error:
        print(f"plan         {error}")
