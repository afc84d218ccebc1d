"""Publishing complete runs, making published ones again, and asking claims again with other seeds."""

import json
import os
import random
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline.commands import stages
from pipeline.errors import UserError, unknown
from pipeline.exhibits import publication
from pipeline.files import read_sealed
from pipeline.planning import load, papers
from pipeline.planning.model import Plan, Run
from pipeline.publishing import compare, store
from pipeline.publishing.store import PublishedRun

APART = Path(".recount") / "verify"
"""Where published runs are made again, apart from the project's own."""
KEPT_APART = frozenset({"runs", "trained", "results", "logs", "mlflow.db", "mlartifacts"})
"""What the copy of the project has of its own."""


def publish(plan: Plan, study: str, root: Path) -> list[Path]:
    """Write published/<study>/ from the study's runs, all of which must be complete. Return the paths."""
    if plan.altered:
        raise UserError(f"{plan.altered}: a study is published as its file states it; take that out")
    runs = plan.study_runs(study)
    missing = [run for run in runs if not stages.complete(run, root)]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(runs)} runs of '{study}' are missing, the first {missing[0].path}; "
            f"`snakemake --cores all --config rerun=all -- {study}` makes them"
        )
    return store.write(study, plan.tier, publication.files(plan, study, papers.load(root), root), root)


def drawn(plan: Plan, count: int, seed: int) -> list[tuple[Run, PublishedRun]]:
    """Published runs that are those of today, drawn at random."""
    if plan.altered:
        raise UserError(f"{plan.altered}: what is published is of the studies as their files state them; take that out")
    there = [
        (run, published.by_id[run.id])
        for key, published in plan.published.items()
        for run in plan.study_runs(key)
        if run.id in published.by_id
    ]
    if not there:
        raise UserError(
            f"nothing that is published at tier {plan.tier} is of today's code and settings; `publish` writes it"
        )
    return random.Random(seed).sample(there, min(count, len(there)))


def verify(plan: Plan, count: int, seed: int | None, root: Path) -> bool:
    """Make some published runs again, print how each compares, and tell whether none is off."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    chosen = drawn(plan, count, seed)
    print(f"{len(chosen)} of the published runs, SEED={seed}", flush=True)
    folder = _apart(root)
    config = [f"tier={plan.tier}", "rerun=all"]
    code = _snakemake(folder, config, [f"{run.path}/{stages.RESULT}" for run, _ in chosen])
    if code:
        raise UserError(f"the runs could not be made again; {folder}/logs says why")
    spread = {key: compare.spreads(published) for key, published in plan.published.items()}
    outcomes = []
    for run, published in sorted(chosen, key=lambda pair: pair[0].path):
        result = read_sealed(folder / run.path / stages.RESULT, run.id)
        found = compare.run(result, published, spread[run.study])
        outcomes.append(found.outcome)
        print(f"{found.outcome:<10} {run.path}{_told(found)}")
    print(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in compare.OUTCOMES))
    if "off" not in outcomes:
        shutil.rmtree(folder)
    return "off" not in outcomes


def _told(found: compare.Comparison) -> str:
    """What differs most; whether the machine was the same."""
    worst = found.worst
    if worst is None:
        return ""
    numbers = f"{worst.metric} {worst.here} here, {worst.published} published, {worst.spread:.3g} between seeds"
    return f": {numbers}; {'the same kind of machine' if found.alike else 'another kind of machine'}"


def _apart(root: Path) -> Path:
    """A folder that has all of the project by links, and runs of its own."""
    folder = root / APART
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted(root.resolve().iterdir()):
        if path.name not in KEPT_APART and not path.name.startswith("."):
            (folder / path.name).symlink_to(path)
    return folder


def _snakemake(folder: Path, config: Sequence[str], targets: Iterable[str]) -> int:
    """Call it there, its output on standard error; its exit status."""
    call = [sys.executable, "-m", "snakemake", "--cores", "all", "--config", *config, "--", *targets]
    # a call of its own, whose runs a shared store is not told of
    own = {key: value for key, value in os.environ.items() if key not in ("RECOUNT_CALL", "MLFLOW_TRACKING_URI")}
    return subprocess.run(call, cwd=folder, env=own, stdout=sys.stderr, check=False).returncode


def replicate(study: str, plan: Any, first_seed: int, write: bool, root: Path) -> str:
    """Make what the study's published verdicts rest on with other seeds, ask again, and tell how that comes out.

    plan: a function from KEY=VALUE texts to the plan.
    """
    if study not in (known := load.written(root)):
        raise unknown("study", study, known)
    today = plan([f"studies={json.dumps([study])}"])
    published = today.published.get(study)
    if published is None:
        raise UserError(
            f"published/{study}: nothing is published at tier {today.tier}, or the plan has seeds or a budget of its "
            f"own; `python -m pipeline publish {study}` publishes it"
        )
    stated = publication.current(today, study, papers.load(root))
    if not stated:
        raise UserError(f"published/{study}: no verdict there is on today's claims by today's code; publish it anew")
    told = {"studies": [study], "first_seed": first_seed, "rerun": "all"}
    config = [f"{key}={json.dumps(value)}" for key, value in told.items()]
    asked = plan(config)
    places = publication.sides(asked.study(study), stated)
    runs = [run for run in asked.study_runs(study) if (run.variant, run.method) in places]
    targets = [f"{run.path}/{stages.RESULT}" for run in runs]
    if not all(stages.complete(run, root) for run in runs) and _snakemake(root, config, targets):
        raise UserError("some runs could not be made; logs/ says why")
    table = publication.replicated(asked, study, stated, published, first_seed, root)
    lines = [dict(zip(table[0], line, strict=True)) for line in table[1]]
    for line in lines:
        if line["verdict"] != line["again"]:
            print(f"{line['paper']}/{line['claim']}: {line['verdict']}, again {line['again']}")
    if write:
        store.write(study, published.tier, {store.REPLICATION: table}, root)
    return f"{study}: {publication.replication(lines).words}"
