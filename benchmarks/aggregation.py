"""Seconds to read and aggregate 10,000 result files of one study: 1,000 cells of 10 seeds with 15 metrics each."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

SEEDS, METRICS = 10, 15


def run(methods: int = 1000) -> Iterator[str]:
    """One line: files, rows and seconds."""
    from pipeline.exhibits import frame
    from pipeline.files import write_sealed
    from pipeline.planning import load
    from pipeline.planning.model import Plan

    planned = load.load(only="classification")
    first = planned.study_runs("classification")[0]
    with tempfile.TemporaryDirectory() as name:
        runs = []
        for method in range(methods):
            for seed in range(SEEDS):
                identity = f"{method:04}-{seed}"
                runs.append(replace(first, id=identity, method=f"method_{method}", seed=seed))
                path = runs[-1].path
                metrics = {f"metric_{place}": place + seed / 10 for place in range(METRICS)}
                result = {"id": identity, "status": "ok", "metrics": metrics, "settings": first.settings}
                write_sealed(Path(name) / path / "result.json", result)
        study = Plan(planned.tier, planned.studies, tuple(runs))
        started = time.perf_counter()
        table = frame.aggregate(frame.read(study, "classification", name))
        yield f"{len(runs)} files, {len(table)} rows in {time.perf_counter() - started:.2f} s"
