"""The commands that execute runs. A GPU node needs nothing for them but torch, numpy, pyyaml, pydantic, safetensors."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import LONGEST, UserError, shown

ROOT = Path()


def run(arguments: list[str]) -> int | None:
    """Run `train` or `evaluate`; 0, or None where it takes the whole command line to understand them."""
    command, *rest = arguments or [""]
    targets, overrides = rest[:1], rest[2::2]
    known = {"train": train, "evaluate": evaluate}
    plain = command in known and targets and not targets[0].startswith("-")
    if not plain or rest[1::2] != ["--set"] * len(overrides):
        return None
    known[command](targets[0], overrides)
    return 0


def plan(overrides: list[str] | None, only: str | None = None, anew: str | None = None) -> Any:
    """The plan with KEY=VALUE texts in place of params.yaml's values; `only` and `anew` as `planning.load` has them."""
    from pipeline.planning import load as planning

    return planning.load(ROOT, values(overrides), only, anew=anew)


def values(overrides: list[str] | None) -> dict[str, Any]:
    """What the KEY=VALUE texts say. UserError where one says nothing, or two the same."""
    from pipeline.yaml_files import parse

    found: dict[str, Any] = {}
    for text in overrides or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {shown(text)}: expected KEY=VALUE, such as tier=gpu")
        if key in found:
            raise UserError(f"--set {shown(key)}: is given twice; keep one")
        found[key] = parse(value, f"--set {text[:LONGEST]}")
    return found


def train(target: str, overrides: list[str] | None) -> None:
    """Train a run, or what is not trained of a study's; with a study, write its learning curves."""
    planned, runs, study = _target(target, overrides)
    for each in runs:
        _train(each, planned)
    if study:
        from pipeline.exhibits import outputs, records

        with outputs.making(outputs.curves(planned, study), ROOT):
            print(records.write_curves(planned, study, ROOT))


def evaluate(target: str, overrides: list[str] | None) -> None:
    """Evaluate a run, or what is not evaluated of a study's; with a study, write its metrics."""
    planned, runs, study = _target(target, overrides)
    for each in runs:
        _evaluate(each, planned)
    if study:
        from pipeline.exhibits import outputs, records

        with outputs.making(outputs.metrics(planned, study), ROOT):
            print(records.write_metrics(planned, study, ROOT))


def _target(target: str, overrides: list[str] | None) -> tuple[Any, list[Any], str | None]:
    """The plan of the target's study, the target's runs, and the study where the target is one."""
    from pipeline.commands import stages

    parts = target.split("/")
    if parts[0] in ("runs", "trained") and len(parts) > 2:
        from pipeline.planning import load as planning

        planned = planning.remembered(ROOT, values(overrides), parts[1]) or plan(overrides, parts[1])
        return planned, [stages.find(planned, target)], None
    planned = plan(overrides, target)
    return planned, planned.made(planned.study(target).key), target


def _train(run: Any, planned: Any) -> None:
    from pipeline import tracking
    from pipeline.commands import progress, stages
    from pipeline.exhibits import outputs

    if not run.trains:
        return
    with stages.alone(ROOT / run.trained, run.training) as done:
        if done(stages.TRAINED):
            return
        outputs.spoil(outputs.FROM_TRAINING, run.study, ROOT)
        live = tracking.Live(run, ROOT)
        with progress.bar(run) as show:

            def report(row: dict[str, Any]) -> None:
                show(row)
                live.epoch(row)

            record = _retried(lambda: stages.train(run, planned, ROOT, report), run)
        live.close(record["status"])
    warn(run, record)


def _evaluate(run: Any, planned: Any) -> None:
    from pipeline import tracking
    from pipeline.commands import stages
    from pipeline.exhibits import outputs

    with stages.alone(ROOT / run.path, run.id) as done:
        if not done(stages.RESULT):
            outputs.spoil(outputs.FROM_RESULTS, run.study, ROOT)
            result = _retried(lambda: stages.evaluate(run, planned, ROOT), run)
            print(f"{run.path}: {result['status']} {json.dumps(result['metrics'])}")
            warn(run, result)
    # a call that waits for the sender at its end has its jobs wait for nothing
    (tracking.send_later if tracking.LATER in os.environ else tracking.send)(run, ROOT)


def _retried(work: Callable[[], dict[str, Any]], run: Any) -> dict[str, Any]:
    from pipeline.training import device

    return device.retried(work, run.path)


def warn(run: Any, record: dict[str, Any]) -> None:
    """Say on standard error that a run gave no numbers, and what its solvers warned of."""
    for text in record.get("warnings", []):
        print(f"warning: {run.path}: {text}", file=sys.stderr)
    if record["status"] != "ok":
        print(f"warning: {run.path} is {record['status']}: {record['reason']}", file=sys.stderr)
