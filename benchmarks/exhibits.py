"""Seconds and memory of the exhibits, of runs that were made up: a table of 1,000 runs, a report of 10,000.

Tables are written twice, the second time with their estimates known. Figures are not drawn: what they cost does not
grow with the number of runs. The report is written by a process of its own, whose greatest memory is told.
"""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEEDS = 5


def run(sizes: tuple[tuple[int, int], ...] = ((1, 184), (25, 64))) -> Iterator[str]:
    """Some lines per pair of numbers, of studies and of methods in each."""
    from pipeline.exhibits import claims, tables
    from pipeline.exhibits.cells import Results
    from tests.kit import exhibits as kit

    for studies, methods in sizes:
        plan = _plan(studies, methods)
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            kit.write(root, plan)
            _undrawn(plan, root)
            for turn in ("", " again"):
                started = time.perf_counter()
                for key in plan.studies:
                    tables.write(Results(plan, key, root), {})
                yield f"tables of {len(plan.runs)} runs{turn}: {time.perf_counter() - started:.1f} s"
            started = time.perf_counter()
            claims.write(plan, kit.papers(), root)
            yield f"claims of {len(plan.runs)} runs: {time.perf_counter() - started:.1f} s"
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, memory = pool.apply(_report, (studies, methods, root))
            index = (root / "results/report.html").stat().st_size / 1e6
            page = max(path.stat().st_size for path in (root / "results/report").iterdir()) / 1e6
            yield (
                f"report of {len(plan.runs)} runs: {seconds:.1f} s, {memory:.0f} MB; its index {index:.2f} MB, "
                f"the largest page {page:.2f} MB"
            )


def _plan(studies: int, methods: int) -> Any:
    from tests.kit import exhibits as kit

    return kit.plan(SEEDS, [{**kit.large(methods), "key": f"study_{place}"} for place in range(studies)])


def _undrawn(plan: Any, root: Path) -> None:
    """Empty figures, of which the report asks the size."""
    from pipeline.exhibits import figures
    from pipeline.files import write_text

    for study in plan.studies.values():
        for name in figures.names(study):
            write_text(root / "results/figures" / f"{study.key}-{name}.svg", '<svg width="100pt" height="100pt"/>')


def _report(studies: int, methods: int, root: Path) -> tuple[float, float]:
    """Seconds, and greatest memory in MB, of this process."""
    from pipeline.exhibits import report
    from tests.kit import exhibits as kit

    plan = _plan(studies, methods)
    started = time.perf_counter()
    report.write(plan, kit.papers(), root)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
