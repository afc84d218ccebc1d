"""What benchmarks of training share: a planned run as a job of their own size, on one core."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process on one core, where the system can hold it there, with one thread."""
    import torch

    torch.set_num_threads(1)
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def planned(study: str, method: str, tier: str) -> Any:
    """The plan's run of the method's first seed under the study's own protocol."""
    from pipeline.planning import load

    runs = load.load(overrides={"tier": tier}, only=study).study_runs(study)
    return next(run for run in runs if (run.method, run.variant, run.seed) == (method, "default", 0))


def job(run: Any, encoder: Any = None, seed: int = 0, **settings: Any) -> Any:
    """The run's job with some settings replaced, and with what `encoder` makes of a shape in place of its encoder."""
    from pipeline import modalities
    from pipeline.commands.stages import recipe
    from pipeline.planning import data
    from pipeline.training import job
    from pipeline.training.device import choose

    dataset = settings.pop("dataset", run.dataset)
    modalities.prepare(dataset, Path(), data.code(dataset))
    made = recipe(run)
    changed = replace(made, settings={**made.settings, **settings}, dataset=dataset, seed=seed)
    found = job.make(changed, choose(), modalities.load, None)
    if encoder is None:
        return found
    modality = SimpleNamespace(Views=found.modality.Views, encoder=lambda _, shape: encoder(shape))
    return replace(found, modality=modality)


def fit(job: Any) -> list[dict[str, Any]]:
    """Train the job by the project's own loop; its epochs' rows."""
    from pipeline.training.checkpoint import Kept
    from pipeline.training.loop import fit, whole

    with tempfile.TemporaryDirectory() as folder:
        return fit(job, whole(job), Kept(Path(folder) / "none", "benchmark"), 1e9, lambda row: None)


def measured(job: Any, metric: str) -> float:
    """A metric of the job's method as it is now."""
    from pipeline import lookup
    from pipeline.training.evidence import evaluate

    evidence = lookup.module(f"protocols.{job.settings['protocol']}.run").Evidence(job)
    return float(evaluate(evidence, [metric]).metrics[metric])
