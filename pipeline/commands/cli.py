"""`python -m pipeline STAGE TARGET`: every stage of the pipeline as a command."""

import json
import os
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
    """Run a command; the exit code."""
    try:
        # outside its standalone mode typer returns what `Exit` carries
        return app(arguments, prog_name="python -m pipeline", standalone_mode=False) or 0
    except typer.Abort as error:  # which click makes of an interruption, and of a file that ends too early
        raise error.__cause__ or KeyboardInterrupt from None
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: unknown command or option, missing argument
            raise UserError(error.format_message()) from None
        raise


@app.command("plan")
def plan_command(
    as_json: Annotated[bool, typer.Option("--json", help="The whole plan as JSON on standard output.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write results/plan/, which DVC's stages depend on.")] = False,
    overrides: Overrides = None,
) -> None:
    """List the runs that params.yaml and studies/ ask for, and which of them are not made, since they are published."""
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
        done = "done     " if stages.complete(run, jobs.ROOT) else "planned  "
        print(f"{done if plan.makes(run) else 'published'} {run.path}")


@app.command()
def prepare(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="A data set; all the plan's when left out.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a data set's arrays and manifest to data/prepared/."""
    from pipeline import modalities
    from pipeline.planning import data

    for key in [dataset] if dataset else jobs.plan(overrides).read:
        print(modalities.prepare(key, jobs.ROOT, data.code(key)))
        if left_out := modalities.skipped(key, jobs.ROOT):
            print(left_out)


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
    from pipeline.exhibits import figures, frame, outputs, tables
    from pipeline.exhibits.cells import Results

    plan = jobs.plan(overrides)
    plan.study(study)
    origins: dict[str, Callable[[], Any]] = {"files": lambda: frame.Files(jobs.ROOT), "mlflow": lambda: _mlflow(plan)}
    if origin not in origins:
        raise unknown("origin of results", origin, origins, "--from")
    records = origins[origin]()
    with outputs.making(outputs.table(plan, study), jobs.ROOT):
        results = Results(plan, study, jobs.ROOT, records)
        tables.write(results, plan.papers)
        figures.write(results)
    print(f"results/tables/{study}.csv")


def _mlflow(plan: Any) -> Any:
    from pipeline import tracking

    return tracking.MlflowRecords(plan, jobs.ROOT)


@app.command()
def claims(overrides: Overrides = None) -> None:
    """Write results/claims.csv, the verdicts."""
    from pipeline.exhibits import claims as claims_
    from pipeline.exhibits import frame, outputs
    from pipeline.planning import papers as papers_

    plan = jobs.plan(overrides)
    with outputs.making(outputs.claims(plan, jobs.ROOT), jobs.ROOT):
        claims_.write(plan, papers_.load(jobs.ROOT), jobs.ROOT, frame.Files(jobs.ROOT))
    print("results/claims.csv")


@app.command()
def report(overrides: Overrides = None) -> None:
    """Write results/report.html with a page a study, and track the exhibits."""
    from pipeline import tracking
    from pipeline.exhibits import frame, outputs
    from pipeline.exhibits import report as report_
    from pipeline.planning import papers as papers_

    plan = jobs.plan(overrides)
    records = frame.Files(jobs.ROOT)
    made = [run for run in plan.runs if plan.makes(run)]
    results = records.results(made)
    for key in plan.studies:
        outputs.verify(outputs.table(plan, key), jobs.ROOT)
    with outputs.making(outputs.report(plan, jobs.ROOT), jobs.ROOT):
        report_.write(plan, papers_.load(jobs.ROOT), jobs.ROOT, records)
    try:
        if not tracking.given_up(jobs.ROOT, tracking.store_uri(jobs.ROOT)):  # else another job of this call has said so
            print(tracking.sync(plan, jobs.ROOT))
    except UserError as error:  # the report is written all the same; `track` sends what is missing later
        print(f"warning: not tracked: {error}", file=sys.stderr)
    for run, result in zip(made, results, strict=True):
        jobs.warn(run, result)
    print("results/report.html")


@app.command()
def methods(
    key: Annotated[str | None, typer.Argument(metavar="[METHOD]", help="A method, for its settings.")] = None,
) -> None:
    """List the methods found in pipeline/methods/, or one method's settings."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.planning import code

    # what stands in files and docstrings is no markup
    console = Console(markup=False, emoji=False)
    if key is None:
        grid = Table("method", "family", "kind", "paper", "mechanism", box=None)
        for name in sorted(code.method_modules()):
            info = code.method(name)
            grid.add_row(name, info.family, info.kind.replace("_", " "), info.paper, info.title)
        console.print(grid)
        return
    info = code.method(key)
    console.print(Text.assemble((info.name, "bold"), f" ({info.module}): {info.title}"))
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
    from rich.text import Text

    from pipeline.errors import unknown
    from pipeline.planning import papers as papers_

    found = papers_.load(jobs.ROOT)
    console = Console(markup=False, emoji=False)
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
        console.print(Text.assemble((claim.id, "bold"), f": {claim.statement}"))
        console.print(f"  {claim.test.model_dump(exclude_defaults=True) if claim.test else claim.why_not}")


@app.command()
def search(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study with a `search`.")],
    write: Annotated[bool, typer.Option("--write", help="Write what is best to studies/STUDY.rates.yaml.")] = False,
    overrides: Overrides = None,
) -> None:
    """Show what a study's search of learning rates found; `make search STUDY=...` runs it and writes what is best.

    Exit code 1 where the study has another rate or setting than the best, and this is not to be written; 3 where it was
    written and more is to be tried, since the best was at an end of the range, say.
    """
    from rich.console import Console
    from rich.table import Table

    from pipeline.planning import search as search_

    values = [*(overrides or []), f"studies={json.dumps([study, study + search_.ENDING])}"]
    plan = jobs.plan(values)
    found = search_.choices(plan, study, jobs.ROOT)
    grid = Table("method", "variant", "tried", "best", "study", "", box=None)
    wrong = 0
    for choice in found:
        differs = choice.best is not None and choice.best != choice.stated
        wrong += differs
        ends = [str(choice.best or "-"), str(choice.stated), "differs" if differs else ""]
        for settings, scores in search_.rows(choice):
            texts = [f"{rate}: {'-' if score is None else f'{score:.2f}'}" for rate, score in scores]
            grid.add_row(choice.method, choice.variant, "  ".join([settings, *texts]).strip(), *ends)
            ends = ["", "", ""]
    Console(width=160).print(grid)
    if write:
        print(search_.write(found, study, plan.tier, jobs.ROOT))
        if left := sum(len(choice.next) for choice in found):
            print(f"{left} more to be tried, because of what was found; `make search STUDY={study}` goes on")
            raise typer.Exit(3)
    elif wrong:
        print(
            f"{study} has other rates or settings than the best in {wrong} places; --write mends that", file=sys.stderr
        )
        raise typer.Exit(1)


@app.command()
def publish(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study all of whose runs are complete.")],
    overrides: Overrides = None,
) -> None:
    """Write published/STUDY/ from the study's runs, all of which must be there."""
    from pipeline.commands import publishing

    plan = jobs.plan([*(overrides or []), "rerun=all"], study, anew=study)
    for path in publishing.publish(plan, study, jobs.ROOT):
        print(path)


@app.command()
def verify(
    runs: Annotated[int, typer.Option(min=1, help="How many are drawn.")] = 20,
    seed: Annotated[int | None, typer.Option(help="Draws the same ones again; at random without it.")] = None,
    overrides: Overrides = None,
) -> None:
    """Make published runs again, drawn at random, and compare.

    On the kind of machine that they were made on they must be identical, elsewhere within the spread over seeds. Exit
    code 1 where one is off.
    """
    from pipeline.commands import publishing

    if not publishing.verify(jobs.plan([*(overrides or []), "rerun=all"]), runs, seed, jobs.ROOT):
        raise typer.Exit(1)


@app.command()
def replicate(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A published study.")],
    first_seed: Annotated[int, typer.Option(min=1, help="Seeds count from here.")] = 1000,
    write: Annotated[bool, typer.Option("--write", help="Keep it in published/STUDY/replication.csv.")] = False,
) -> None:
    """Ask a published study's claims again with other seeds: the share of decided verdicts that come out the same."""
    from pipeline.commands import publishing

    print(publishing.replicate(study, jobs.plan, first_seed, write, jobs.ROOT))


@app.command()
def track(overrides: Overrides = None) -> None:
    """Send to the tracking store what it lacks."""
    from pipeline import tracking

    print(tracking.sync(jobs.plan(overrides), jobs.ROOT))


@app.command()
def ui(port: Annotated[int, typer.Option(help="On localhost only.")] = 5000) -> None:
    """Open MLflow's pages on localhost, until interrupted."""
    from pipeline import tracking

    command, environment = tracking.ui_command(jobs.ROOT, port)
    os.execve(command[0], command, environment)


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only list.")] = False,
    overrides: Overrides = None,
) -> None:
    """List or delete runs no longer planned, and what killed calls left half written.

    Searches of the planned studies stay, and so do runs at work. No link is followed.
    """
    from pipeline.commands import prune as prune_
    from pipeline.planning import search as search_

    plan = jobs.plan(overrides)
    searches = [key + search_.ENDING for key, study in plan.studies.items() if plan.tier in study.search]
    keys = list(dict.fromkeys([*plan.studies, *searches]))
    plan = jobs.plan([*(overrides or []), f"studies={json.dumps(keys)}"])
    found = prune_.prune(plan.by_path.keys() | plan.by_trained.keys(), jobs.ROOT, yes)
    for line in found.lines:
        print(line)
    if found.lines:
        print(f"{prune_.readable(found.bytes)} {'freed' if yes else 'to be freed; --yes deletes'}")


@app.command()
def doctor() -> None:
    """Say what this machine offers, and check that all that is there is as it was written.

    Exit code 1 where it is not: each line then says what to do.
    """
    from pipeline.commands import doctor as doctor_

    recipes: dict[str, str] = {}
    wrong: list[str] = []
    for line in doctor_.offers(jobs.ROOT):
        print(line)
    try:
        plan = jobs.plan(None)
        recipes = plan.recipes
        made = sum(map(plan.makes, plan.runs))
        shown = f", {len(plan.runs) - made} of them published and not made here" if made < len(plan.runs) else ""
        print(f"plan         {len(plan.runs)} runs, {len(plan.studies)} studies, tier {plan.tier}{shown}")
    except UserError as error:
        wrong.append(str(error))
    checked = doctor_.check(jobs.ROOT, recipes)
    print(f"files        {checked.count} files checked")
    for line in (wrong := wrong + checked.wrong):
        print(f"wrong        {line}")
    if wrong:
        raise typer.Exit(1)
