"""The tracking store: where it is, opening it without waiting for a dead one, and MLflow's calls in few batches."""

import contextlib
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import UserError, redacted
from pipeline.tracking import database, reach
from pipeline.tracking.reach import UnreachableError, line

LOCK_SECONDS = 60.0
PARAM_CHARACTERS, TAG_CHARACTERS = 6000, 8000
PARAMS_A_BATCH, METRICS_A_BATCH = 100, 800

Point = tuple[str, int, float, int]
"""metric, step, value, milliseconds since 1970"""


def store_uri(root: Path) -> str:
    """Where runs are tracked: MLFLOW_TRACKING_URI, or the embedded database in the project. It may hold a password."""
    return os.environ.get("MLFLOW_TRACKING_URI") or database.address(Path(root).resolve() / database.NAME)


def shown_uri(root: Path) -> str:
    """Where runs are tracked, as it may be shown."""
    return redacted(store_uri(root))


def ui_command(root: Path, port: int = 5000) -> tuple[list[str], dict[str, str]]:
    """The command that serves MLflow's pages on localhost, and its environment, since any user can read a command.

    The store is opened first, which makes, mends and leads it to where the project lies. UserError where a server has
    its own pages, or the store cannot be used.
    """
    uri = store_uri(root)
    if urlsplit(uri).scheme in ("http", "https"):
        raise UserError(f"MLFLOW_TRACKING_URI = {uri}: this server has its own pages; open the address in a browser")
    try:
        answering(root, 10.0)
        with quietly(5, 1), lock(root):
            opened(root, 10.0)
    except UnreachableError as error:
        raise UserError(f"tracking store {uri}: {error}") from None
    command = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(port)]
    return command, {**os.environ, "MLFLOW_BACKEND_STORE_URI": uri}


def trouble(root: Path) -> str | None:
    """Why the store cannot be read, in one line; None where all is well or nothing is there yet. Changes nothing."""
    uri = store_uri(root)
    path = database.path_of(uri)
    try:
        if path is None:
            reach.check(uri, 3.0)
        elif path.exists():
            database.examine(path)
    except (UnreachableError, database.DamagedError, sqlite3.Error) as error:
        return f"tracking store {shown_uri(root)}: {line(error)}"
    return None


@dataclass
class Store:
    """An open store. `experiments` and `parents` remember what was found or made; both need the lock."""

    root: Path
    uri: str
    client: Any
    experiments: dict[str, str] = field(default_factory=dict)
    parents: dict[tuple[str, str], str] = field(default_factory=dict)

    def experiment(self, name: str, make: bool = True) -> str | None:
        """The id of the experiment of that name; None where it is not there and is not to be made."""
        if name not in self.experiments:
            found = self.client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage != "active":
                self.client.restore_experiment(found.experiment_id)
            if found is None and not make:
                return None
            place = (_artifacts(self.root) / name).as_uri() if database.path_of(self.uri) else None
            self.experiments[name] = found.experiment_id if found else self.client.create_experiment(name, place)
        return self.experiments[name]

    def search(self, experiment: str, **tags: str) -> list[Any]:
        """All runs of the experiment with these `recount.` tags, oldest first."""
        query = " and ".join(f"tags.`recount.{name}` = '{value}'" for name, value in tags.items())
        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_runs([experiment], query, page_token=token, order_by=["start_time ASC"])
            found += page
            token = page.token
            if not token:
                return found

    def one(self, experiment: str, kind: str, identity: str, name: str, tags: dict[str, str], start: int) -> Any:
        """Find or make the run with that `recount.id`."""
        found = self.search(experiment, id=identity)
        if found:
            return found[0]
        tags = {"recount.id": identity, "recount.kind": kind, "recount.current": "true", **tags}
        return self.client.create_run(experiment, start_time=start, tags=_cut(tags, TAG_CHARACTERS), run_name=name)

    def parent(self, run: Any, start: int) -> str:
        """The id of the run that holds a method's runs."""
        if (run.study, run.method) not in self.parents:
            tags = {"study": run.study, "method": run.method, "paper": run.paper or ""}
            identity = f"method:{run.study}/{run.method}"
            found = self.one(self.experiment(run.study) or "", "method", identity, run.method, tags, start)
            if found.info.status == "RUNNING":
                self.client.set_terminated(found.info.run_id, end_time=start)
            self.parents[run.study, run.method] = found.info.run_id
        return self.parents[run.study, run.method]

    def child(self, run: Any, start: int) -> Any:
        """Find or make the MLflow run of a planned run, with the tags that are known before it has run."""
        experiment = self.experiment(run.study) or ""
        tags = {name: getattr(run, name) for name in ("study", "dataset", "method", "paper", "variant", "seed")}
        tags |= {"tier": run.settings["tier"], "status": "running", "recount.needs": ",".join(run.needs)}
        tags |= {"mlflow.source.name": run.path, "mlflow.source.type": "LOCAL"}
        tags["cell"] = run.method if run.variant == "default" else f"{run.method}, {run.variant}"
        tags["mlflow.parentRunId"] = self.parent(run, start)
        name = f"{run.method}-{run.variant}-s{run.seed}"
        return self.one(experiment, "run", run.id, name, {key: text(value) for key, value in tags.items()}, start)

    def batch(
        self,
        run: Any,
        points: Sequence["Point"] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log in as few calls as MLflow's limits allow; what comes last in the last call are the tags."""
        from mlflow.entities import Metric, Param, RunTag

        pairs = [Param(*pair) for pair in _cut(params or {}, PARAM_CHARACTERS).items()]
        metrics = [Metric(key, value, when, step) for key, step, value, when in points]
        while len(pairs) > PARAMS_A_BATCH or len(metrics) > METRICS_A_BATCH:
            self.client.log_batch(run.info.run_id, metrics[:METRICS_A_BATCH], pairs[:PARAMS_A_BATCH])
            pairs, metrics = pairs[PARAMS_A_BATCH:], metrics[METRICS_A_BATCH:]
        marks = [RunTag(*pair) for pair in _cut(tags or {}, TAG_CHARACTERS).items()]
        self.client.log_batch(run.info.run_id, metrics, pairs, marks)

    def known(self, run: Any) -> dict[tuple[str, int], float]:
        """The metric points that the run has: (metric, step) -> value, the latest where there are several."""
        return {
            (key, point.step): point.value
            for key in run.data.metrics
            for point in sorted(self.client.get_metric_history(run.info.run_id, key), key=lambda p: p.timestamp)
        }

    def artifacts(self, run: Any) -> Any:
        """The run's artifact repository: unlike the client's calls it asks the database nothing."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(run.info.artifact_uri, self.uri)


def text(value: Any) -> str:
    """A value as a tag or parameter: JSON unless it is a string."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, sort_keys=True)


def _cut(values: Mapping[str, str], most: int) -> dict[str, str]:
    return {key: value if len(value) <= most else value[: most - 3] + "..." for key, value in values.items()}


def _artifacts(root: Path) -> Path:
    return Path(root).resolve() / "mlartifacts"


def lock(root: Path, seconds: float = LOCK_SECONDS) -> Any:
    from filelock import FileLock

    folder = Path(root) / ".recount"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / "track.lock", timeout=seconds)


@contextlib.contextmanager
def quietly(seconds: int, retries: int) -> Iterator[None]:
    """MLflow without telemetry and with bounded waiting; what the user has set in the environment stays.

    Whatever fails in here surfaces as UnreachableError with one line.
    """
    wanted = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries),
        "PGCONNECT_TIMEOUT": str(seconds),
    }
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    loggers = {name: logging.getLogger(name) for name in ("mlflow", "alembic")}
    levels = {name: logger.level for name, logger in loggers.items()}
    try:
        # MLflow prints tracebacks of what it raises; here one line is enough
        for logger in loggers.values():
            logger.setLevel(logging.CRITICAL)
        yield
    except (UserError, UnreachableError):
        raise
    except ImportError as error:
        raise UnreachableError(f"{error.name or error} cannot be imported") from error
    except Exception as error:
        raise UnreachableError(line(error)) from error
    finally:
        for name, logger in loggers.items():
            logger.setLevel(levels[name])
        for name in added:
            os.environ.pop(name, None)


_stores: dict[tuple[int, str, Path], Store] = {}


def answering(root: Path, seconds: float) -> None:
    """Raise UnreachableError where a server does not answer within `seconds`.

    To be called before the lock is taken, so that others need not wait for it too.
    """
    uri = store_uri(root)
    if database.path_of(uri) is None:
        reach.check(uri, seconds)


def opened(root: Path, seconds: float, thorough: bool = False) -> Store:
    """The store of the project, made where it is not there yet. Call inside quietly and under the lock.

    Of an embedded database, seconds: how long to wait for others who write; thorough: read all of it before.
    """
    uri, root = store_uri(root), Path(root).resolve()
    key = os.getpid(), uri, root
    path = database.path_of(uri)
    own = path is not None and path.resolve() == root / database.NAME  # also where it is spelled otherwise
    if path:
        database.ready(path, own, seconds, thorough)
    if key not in _stores:
        client = database.client(uri)
        if path and own:
            database.repoint(path, _artifacts(root))
        _stores[key] = Store(root, uri, client)
    return _stores[key]
