"""One run: its files as MLflow's parameters, metrics, tags, dataset and artifacts; live or when it has ended."""

import contextlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.errors import UserError
from pipeline.exhibits.frame import Files
from pipeline.files import link, part, read_sealed, sha256
from pipeline.tracking.reach import UnreachableError, give_up, given_up, line, log
from pipeline.tracking.store import Point, Store, answering, lock, opened, quietly, store_uri, text

LIVE_AFTER_SECONDS = 20.0
"""Importing MLflow costs about as much as an epoch at the laptop tier, so shorter runs are sent when they end."""
LIVE_EVERY_SECONDS = 5.0
ARTIFACTS = ("result.json", "history.jsonl", "predictions.npz", "model.safetensors")
CLOCK = ("seconds", "images_per_second", "train_seconds", "evaluate_seconds")
"""Metrics that differ each time a run is made, so that a second point would say nothing: the first ones stay."""
MLFLOW_STATUS = {"ok": "FINISHED", "diverged": "FAILED", "failed": "FAILED"}


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as MLflow parameters: `optimizer.learning_rate` -> "0.1"; lists and nulls as JSON."""
    flat: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) and value else json.dumps(value, sort_keys=True)
    return flat


def _milliseconds(when: str) -> int:
    return int(datetime.fromisoformat(when).timestamp() * 1000)


def _epoch_points(rows: Iterable[Mapping[str, Any]], start: int, leave_out: Sequence[str] = ()) -> list[Point]:
    """One point per number and epoch, stamped with the time at which the epoch ended."""
    points: list[Point] = []
    when = float(start)
    for row in rows:
        when += 1000 * (row.get("seconds") or 0.0)
        numbers = {k: v for k, v in row.items() if k not in ("epoch", *leave_out) and isinstance(v, int | float)}
        points += [(name, int(row["epoch"]), float(value), int(when)) for name, value in numbers.items()]
    return points


def mirror(store: Store, run: Any, result: Mapping[str, Any], folder: Path, sent: str) -> None:
    """Mirror a finished run folder. `recount.sent` comes last, so that it vouches for all the rest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    begin, end = _milliseconds(result["started"]), _milliseconds(result["finished"])
    tracked = store.child(run, begin)
    if holds(tracked, sent):
        return
    rows = Files(store.root).history(run)
    finals = {**result["metrics"], **{f"{name}_seconds": value for name, value in result.get("seconds", {}).items()}}
    points = _epoch_points(rows, begin)
    # step 0: what has one value only is charted as bars
    points += [(name, 0, float(value), end) for name, value in finals.items() if isinstance(value, int | float)]
    known = store.known(tracked)
    now = int(time.time() * 1000)  # of two values at a step MLflow shows the later
    changed = [(*p[:3], now) for p in points if p[:2] in known and p[0] not in CLOCK and known[p[:2]] != p[2]]
    points = [p for p in points if p[:2] not in known] + changed

    origin = result.get("provenance", {})
    files = [name for name in ARTIFACTS if (folder / name).is_file()]
    for name in result.get("files", {}):
        part(folder / "result.json", result, name)
    tags = {"status": result["status"], "git_commit": origin.get("git_commit"), "recount.files": ",".join(files)}
    tags |= {"device": result.get("device", {}).get("name"), "precision": result.get("device", {}).get("precision")}
    tags |= {f"choice.{name}": value for name, value in flatten(result.get("choices", {})).items()}
    if result.get("reason"):
        tags["mlflow.note.content"] = f"{result['status']}: {result['reason']}"
    if origin.get("git_commit"):
        tags["mlflow.source.git.commit"] = origin["git_commit"].rstrip("+")
    if run.dataset:
        where = f"data/prepared/{run.dataset}"
        with contextlib.suppress(OSError, UserError):
            where = read_sealed(store.root / where / "manifest.json").get("source") or where
        # 36 characters are what MLflow keeps of a digest
        data = Dataset(run.dataset, origin.get("dataset_digest", "unknown")[:36], "local", json.dumps({"uri": where}))
        context = "evaluation" if run.needs else "training"
        store.client.log_inputs(tracked.info.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", context)])])
    place = _place(tracked)
    for name in files:
        if place is None:
            store.artifacts(tracked).log_artifact(str(folder / name))
        else:
            link(folder / name, place / name)  # nobody writes into a file that is there, so one copy will do
    store.client.set_terminated(tracked.info.run_id, MLFLOW_STATUS[result["status"]], end)
    marks = {name: text(value) for name, value in tags.items() if value is not None}
    store.batch(tracked, points, flatten(run.settings), {**marks, "recount.sent": sent})


def finished(run: Any, root: Path) -> tuple[dict[str, Any], Path, str] | None:
    """result.json, its folder and its digest; None where the run has not ended. UserError where it is not readable."""
    folder = Path(root) / run.path
    if not (folder / "result.json").is_file():
        return None
    return Files(root).results([run])[0], folder, sha256(folder / "result.json")


def holds(tracked: Any, sent: str) -> bool:
    """Whether the store has all of the result with that digest; artifacts are looked for where they are local files."""
    tags = tracked.data.tags
    if tags.get("recount.sent") != sent:
        return False
    place = _place(tracked)
    return place is None or all((place / name).is_file() for name in tags["recount.files"].split(","))


def _place(tracked: Any) -> Path | None:
    """The folder of the run's artifacts; None where they are not local files."""
    found = urlsplit(tracked.info.artifact_uri)
    return Path(unquote(found.path)) if found.scheme == "file" else None


def send(run: Any, root: Path, seconds: float = 3.0) -> bool:
    """Mirror one finished run folder; True when the store holds it. Never raises.

    Sending again changes nothing. After a first failure this process does not try that store again.
    seconds: how long to wait for a store that does not answer.
    """
    uri = store_uri(root)
    if given_up(root, uri):
        return False
    try:
        found = finished(run, root)
        if found is None:
            return False
        try:
            answering(root, seconds)
            with lock(root), quietly(5, 1):
                if given_up(root, uri):
                    return False
                mirror(opened(root, seconds), run, *found)
        except UnreachableError as error:
            give_up(root, uri, error)
            return False
    except Exception as error:  # an unreadable result, or others who hold the lock for long
        log.warning("%s: not tracked: %s", run.path, line(error))
        return False
    return True


class Live:
    """Per-epoch metrics while a run trains, for runs that train longer than `after` seconds.

    Shorter ones cost nothing: MLflow is not even imported. Never raises; after a first failure it does nothing.
    Wall-clock metrics (CLOCK) are left to `send`: a resumed run repeats its epochs' losses but not their times.
    """

    def __init__(self, run: Any, root: Path, after: float = LIVE_AFTER_SECONDS) -> None:
        self.run, self.root = run, Path(root)
        self.began = time.time()
        self.next = time.monotonic() + after
        self.rows: list[tuple[dict[str, Any], int]] = []
        self.sent: dict[tuple[str, int], float] = {}
        self.tracked: Any = None

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Buffer a line of history.jsonl; send what is buffered when it is time."""
        self.rows.append((dict(row), int(time.time() * 1000)))
        if time.monotonic() >= self.next:
            self._flush()
            self.next = time.monotonic() + LIVE_EVERY_SECONDS

    def close(self, status: str = "ok") -> None:
        """Send the rest, where anything was sent before; a run that did not end well is marked as failed."""
        if self.tracked is not None:
            self._flush(status)

    def _flush(self, status: str = "ok") -> None:
        uri = store_uri(self.root)
        if given_up(self.root, uri):
            return
        try:
            answering(self.root, 2.0)
            with lock(self.root, 2.0), quietly(5, 0):
                self._log(opened(self.root, 2.0), status)
        except TimeoutError:
            return  # others are writing; the rows wait for the next turn
        except Exception as error:
            give_up(self.root, uri, error)

    def _log(self, store: Store, status: str) -> None:
        if self.tracked is None:
            self.tracked = store.child(self.run, int(self.began * 1000))
            self.sent = store.known(self.tracked)
            if self.tracked.info.status != "RUNNING":
                store.client.update_run(self.tracked.info.run_id, "RUNNING")
        points = [p for row, when in self.rows for p in _epoch_points([{**row, "seconds": 0.0}], when, CLOCK)]
        fresh = [point for point in points if point[:2] not in self.sent]
        store.batch(self.tracked, fresh, flatten(self.run.settings))
        self.sent |= {point[:2]: point[2] for point in fresh}
        self.rows.clear()
        if status != "ok":
            store.client.set_terminated(self.tracked.info.run_id, "FAILED")
