"""Progress of a training run: a bar on a terminal, one quiet line an epoch elsewhere."""

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.planning.model import Run


@contextlib.contextmanager
def bar(run: Run) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield the function that shows an epoch's row."""
    epochs = run.settings["epochs"]

    def line(row: dict[str, Any]) -> str:
        loss = "not finite" if row["loss"] is None else f"{row['loss']:.4f}"
        return f"loss {loss}, {row['images_per_second']:.0f} images/s"

    if not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        yield lambda row: print(f"{run.path} epoch {row['epoch']}/{epochs}: {line(row)}", flush=True)
        return
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        task = progress.add_task(run.path, total=epochs)
        yield lambda row: progress.update(task, completed=row["epoch"], description=f"{run.path} {line(row)}")
