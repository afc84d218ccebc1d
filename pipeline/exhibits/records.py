"""Small deterministic files through which DVC sees the plan, the training and the evaluation of a study."""

import csv
import io
import json
from operator import attrgetter
from pathlib import Path
from typing import Any

from pipeline.exhibits import outputs
from pipeline.files import indented, part, read_sealed, write_json, write_text, written
from pipeline.planning.model import Plan


def write_plan(plan: Plan, root: Path) -> list[str]:
    """results/plan/: what each stage of dvc.yaml depends on. A file is rewritten only when its bytes change."""
    contents: dict[str, Any] = {"datasets": {key: plan.recipes[key] for key in plan.read}}
    for key in plan.studies:
        runs = plan.study_runs(key)
        contents[f"trained-{key}"] = [run.trained for run in runs if plan.trains(run)]
        contents[f"runs-{key}"] = [run.path for run in plan.made(key)]
        contents[f"exhibits-{key}"] = outputs.digest(plan, key)
    contents["exhibits"] = outputs.digest(plan)
    folder = root / "results/plan"
    for stale in set(written(folder, "*.json")) - {folder / f"{name}.json" for name in contents}:
        stale.unlink()
    for name, content in contents.items():
        path, text = folder / f"{name}.json", indented(content)
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
    return sorted(contents)


def write_curves(plan: Plan, study: str, root: Path) -> Path:
    """results/curves/<study>.csv: loss and learning rate of every epoch of every run that is made here."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["method", "variant", "seed", "epoch", "loss", "learning_rate"])
    for run in filter(attrgetter("trains"), plan.made(study)):
        sealed = root / run.trained / "train.json"
        history = part(sealed, read_sealed(sealed, run.training), "history.jsonl")
        for line in history.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            loss = "" if row["loss"] is None else f"{row['loss']:.6f}"
            lines.writerow([run.method, run.variant, run.seed, row["epoch"], loss, f"{row['learning_rate']:.6g}"])
    # an output of DVC's stage, which must be there also where nothing is trained
    (root / "trained" / study).mkdir(parents=True, exist_ok=True)
    path = root / f"results/curves/{study}.csv"
    write_text(path, text.getvalue())
    return path


def write_metrics(plan: Plan, study: str, root: Path) -> Path:
    """results/metrics/<study>.json: variant -> method -> the study's metrics -> mean over the seeds that have one."""
    from pipeline.exhibits.cells import Results

    means: dict[str, dict[str, dict[str, float]]] = {}
    for (variant, method), cell in Results(plan, study, root).cells.items():
        found = means.setdefault(variant, {}).setdefault(method, {})
        for name in plan.studies[study].metrics:
            if values := [result["metrics"][name] for result in cell.results if name in result["metrics"]]:
                found[name] = round(sum(values) / len(values), 6)
    # an output of DVC's stage, which must be there also where nothing is evaluated
    (root / "runs" / study).mkdir(parents=True, exist_ok=True)
    path = root / f"results/metrics/{study}.json"
    write_json(path, means)
    return path
