"""Results from the tracking store alone."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.exhibits.frame import Files
from pipeline.files import sha256
from pipeline.tracking.reach import UnreachableError
from pipeline.tracking.store import Store, answering, lock, opened, quietly, shown_uri

if TYPE_CHECKING:
    import numpy as np

TRACK = "`python -m pipeline track` sends it"


class MlflowRecords:
    """What the exhibits read, from the tracking store alone: no run folder is opened.

    Files come from the runs' artifacts into a temporary folder and are read there as run folders are.
    UserError where the store cannot be used or does not hold a run.
    """

    def __init__(self, plan: Any, root: Path = Path()) -> None:
        self.plan, self.root, self.uri = plan, Path(root), shown_uri(root)
        self._folder = tempfile.TemporaryDirectory(prefix="recount-")
        self._files = Files(self._folder.name, f"it came from {self.uri}; {TRACK}")
        self._store: Store | None = None
        self._tracked: dict[str, dict[str, Any]] = {}

    def results(self, runs: Sequence[Any]) -> list[dict[str, Any]]:
        """The content of each run's result.json, in the order of `runs`."""
        with self._reading():
            for run in runs:
                self._fetch(run, "result.json")
        for run in runs:
            if sha256(self._place(run) / "result.json") != self._run(run).data.tags["recount.sent"]:
                raise UserError(f"{self.uri}: result.json of run {run.path} is not the one that was sent; {TRACK}")
        return self._files.results(runs)

    def examples(self, run: Any, features: bool = False) -> "dict[str, np.ndarray]":
        """The arrays of the run's predictions.npz, with those of that name on request; empty where it has none."""
        with self._reading():
            self._fetch(run, "result.json", "predictions.npz")
        return self._files.examples(run, features)

    def history(self, run: Any) -> list[dict[str, Any]]:
        """The lines of the run's history.jsonl; empty where it has none."""
        with self._reading():
            self._fetch(run, "result.json", "history.jsonl")
        return self._files.history(run)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with quietly(30, 3):
                yield
        except UnreachableError as error:
            raise UserError(f"tracking store {self.uri}: {error}") from None

    def _opened(self) -> Store:
        if self._store is None:
            answering(self.root, 10.0)
            with lock(self.root):
                self._store = opened(self.root, 10.0)
        return self._store

    def _run(self, run: Any) -> Any:
        if run.study not in self._tracked:
            store = self._opened()
            experiment = store.experiment(run.study, make=False)
            found = store.search(experiment, kind="run") if experiment else []
            self._tracked[run.study] = {r.data.tags["recount.id"]: r for r in found if "recount.sent" in r.data.tags}
        if run.id not in self._tracked[run.study]:
            raise UserError(f"{self.uri}: run {run.path} ({run.id[:8]}) is not there; {TRACK}")
        return self._tracked[run.study][run.id]

    def _place(self, run: Any) -> Path:
        return Path(self._folder.name) / run.path

    def _fetch(self, run: Any, *names: str) -> None:
        tracked = self._run(run)
        place = self._place(run)
        for name in names:
            if name in tracked.data.tags["recount.files"].split(",") and not (place / name).exists():
                place.mkdir(parents=True, exist_ok=True)
                self._opened().artifacts(tracked).download_artifacts(name, str(place))
