"""Published results, and complete runs to publish. The numbers mean nothing."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.planning.model import Plan, Run
from pipeline.publishing import store
from pipeline.publishing.store import Lines, Published

DEVICE = {"kind": "cpu", "name": "Example CPU", "model": "6-85-7", "precision": "fp32", "threads": 1}
VERSIONS = {"python": "3.11.9", "torch": "2.13.0"}


def result(metrics: Mapping[str, float], status: str = "ok", **device: Any) -> dict[str, Any]:
    """What a comparison reads of a run's result, on the example machine or with this changed of it."""
    return {
        "status": status,
        "metrics": dict(metrics),
        "device": {**DEVICE, **device},
        "versions": VERSIONS,
    }


def line(seed: int = 0, method: str = "plain", **changes: Any) -> dict[str, str]:
    """A line of runs.csv, made on the example machine; changes: metrics, and what differs from the usual."""
    told = {"id": f"{method}-{seed}", "dataset": "d", "method": method, "variant": "default", "seed": str(seed)}
    told |= {"tier": "laptop", "status": "ok", "reason": "", "train_seconds": "2.0", "evaluate_seconds": "1.0"}
    made = {"versions": store.versions({"versions": VERSIONS}), "commit": "abc1234", "device": store.device(DEVICE)}
    return {
        **told,
        **made,
        "precision": "fp32",
        "threads": "1",
        **{name: str(value) for name, value in changes.items()},
    }


def of(*lines: dict[str, str]) -> Published:
    """What is published where these are all the runs."""
    tables: dict[str, Lines] = {store.TABLE: [], store.CLAIMS: [], store.PHENOMENA: []}
    return Published("study", "laptop", "", {store.RUNS: list(lines), **tables})


def complete(root: Path, plan: Plan, study: str, skill: Mapping[str, float] | None = None) -> None:
    """Write results of a study's runs. skill: what a method has more than 50, in every metric."""
    for run in plan.study_runs(study):
        metrics = {
            name: number(run, name) + (skill or {}).get(run.method, 0.0) for name in plan.studies[study].measured
        }
        write(root, run, result(metrics))


def number(run: Run, metric: str) -> float:
    """From 50 to 51, in each run and metric another."""
    return 50 + zlib.crc32(f"{run.method} {run.variant} {run.seed} {metric}".encode()) % 1000 / 1000


def write(root: Path, run: Run, found: Mapping[str, Any]) -> None:
    """A run's sealed result, as far as exhibits read one that has no examples."""
    named = {name: getattr(run, name) for name in ("id", "study", "dataset", "method", "variant", "seed", "settings")}
    told = {"reason": None, "tier": run.settings["tier"], "seconds": {"train": 2.0, "evaluate": 1.0}}
    made = {"provenance": {"git_commit": "abc1234"}}
    files.write_sealed(root / run.path / "result.json", {**named, **told, **made, **found})
