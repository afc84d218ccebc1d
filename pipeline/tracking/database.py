"""The embedded database: made whole or not at all, mended where it was not, its artifacts led to where the project is.

Result files are the truth. A database that MLflow cannot use is therefore moved aside, never deleted, and made anew.
Everything here happens under the lock (`store.lock`).
"""

import contextlib
import importlib.metadata
import itertools
import logging
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pipeline.tracking.reach import UnreachableError

NAME = "mlflow.db"
LOCK_SECONDS = 60.0
BESIDE = ("-journal", "-wal", "-shm")
"""Ends of the names of what SQLite keeps beside a database: without it, or beside another one, both are spoilt."""
log = logging.getLogger("recount.tracking")


class DamagedError(Exception):
    """The file is no database of MLflow's, or half of one; the message says what is wrong."""


def address(path: Path) -> str:
    """The address of a database by which SQLAlchemy finds it."""
    # a question mark ends the path; SQLite's own addresses can spell one
    return f"sqlite:///file:{quote(str(path))}?uri=true" if "?" in str(path) else f"sqlite:///{path}"


def path_of(uri: str) -> Path | None:
    """The file of a database's address; None where it is in no file, or on a server."""
    scheme, slashes, rest = uri.partition(":///")
    name = rest.partition("?")[0]
    if not slashes or not scheme.startswith("sqlite") or name in ("", ":memory:"):
        return None
    return Path(unquote(name[5:])) if name.startswith("file:") else Path(name)


def ready(path: Path, own: bool, seconds: float, thorough: bool = False) -> None:
    """See to it that there is a database that MLflow can use.

    own: it is the project's, which may be replaced; another's is only made where there is none.
    seconds: how long to wait for others who write. thorough: read all of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        _make(path)
        return
    try:
        revision = _read(path, seconds, thorough)
        if _stamp(revision) != _stamped(path) and revision == _head():
            _put_stamp(path)
        elif _stamp(revision) != _stamped(path):
            _upgrade(path, revision, own)
    except DamagedError as error:
        if not own:
            raise UnreachableError(f"{path}: {error}; move it away") from None
        aside = _move_aside(path).name
        sends = "`python -m pipeline track` sends the runs again"
        log.warning("%s: %s; moved to %s and made anew; %s", path, error, aside, sends)
        _make(path)


def examine(path: Path) -> None:
    """Raise DamagedError or sqlite3.Error where the database cannot be read; change nothing."""
    with _opened(path, "mode=ro") as database:
        _check(database, thorough=True)
        database.execute("SELECT count(*) FROM experiments")


def _opened(path: Path, how: str = "mode=rw", seconds: float = LOCK_SECONDS) -> Any:
    uri = f"file:{quote(str(path))}?{how}"
    return contextlib.closing(sqlite3.connect(uri, uri=True, timeout=seconds, isolation_level=None))


def _read(path: Path, seconds: float, thorough: bool) -> str:
    """The revision of the database's schema, after making sure that it can be written."""
    with _opened(path, seconds=seconds) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
            revision = _check(database, thorough)
            database.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise DamagedError(str(error)) from None
            raise
    return revision


def _check(database: sqlite3.Connection, thorough: bool) -> str:
    if thorough and (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise DamagedError(" ".join(found.split()))
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = database.execute("SELECT version_num FROM alembic_version").fetchall() if "alembic_version" in tables else []
    if not rows:
        raise DamagedError("a database that was not made to its end, or not by MLflow")
    return str(rows[0][0])


def _stamp(revision: str) -> int:
    """A number that says by which MLflow the schema was found to be right: to find out takes longer than to look."""
    return zlib.crc32(f"{importlib.metadata.version('mlflow')} {revision}".encode()) & 0x7FFFFFFF


def _stamped(path: Path) -> int:
    with _opened(path, "mode=ro") as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def _put_stamp(path: Path) -> None:
    with _opened(path) as database:
        database.execute(f"PRAGMA user_version = {_stamp(_check(database, thorough=False))}")


def _scripts() -> Any:
    import mlflow
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(mlflow.__file__).parent / "store/db_migrations"))


def _head() -> str:
    """The revision that this MLflow wants."""
    return str(_scripts().get_current_head())


def _make(path: Path) -> None:
    """A new database, made elsewhere and given its name when it is whole."""
    with _elsewhere(path) as new:
        _open_with_mlflow(new)
        _move_in(new, path)


def _upgrade(path: Path, revision: str, own: bool) -> None:
    """Bring an older MLflow's database up to date, by way of a copy."""
    if not any(script.revision == revision for script in _scripts().walk_revisions()):
        raise UnreachableError(f"{path}: made by a newer MLflow; install that one again, or move the file away")
    if not own:
        raise UnreachableError(f"{path}: made by an older MLflow; `mlflow db upgrade` brings it up to date")
    with _elsewhere(path) as new:
        with _opened(path, "mode=ro") as old, contextlib.closing(sqlite3.connect(new)) as copy:
            old.backup(copy)
        call = [sys.executable, "-m", "mlflow", "db", "upgrade", address(new)]
        if subprocess.run(call, capture_output=True, check=False).returncode:
            raise DamagedError(f"an older MLflow's database (schema {revision}) that cannot be brought up to date")
        _open_with_mlflow(new)
        _move_in(new, path)


@contextlib.contextmanager
def _elsewhere(path: Path) -> Any:
    """A path for a database in a folder of its own beside `path`, which goes with it; so do those of killed calls."""
    for left in path.parent.glob(f"{path.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{path.name}.new-", dir=path.parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder) / path.name


def client(uri: str) -> Any:
    """MLflow's client of a store, which has been asked something, so that it is known to work.

    A database is made by that where there is none.
    """
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # its import sets its own
    made = MlflowClient(tracking_uri=uri)
    made.search_experiments(max_results=1)
    return made


def _open_with_mlflow(path: Path) -> None:
    """Have MLflow open a database, which it makes where there is none."""
    client(address(path))
    _put_stamp(path)


def _move_in(new: Path, path: Path) -> None:
    for end in BESIDE:
        path.with_name(path.name + end).unlink(missing_ok=True)
    new.chmod(path.stat().st_mode if path.exists() else new.stat().st_mode)
    new.replace(path)


def _move_aside(path: Path) -> Path:
    """Give the database, with what belongs to it, another name; that name."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in itertools.count(1))
    aside = next(name for name in names if not name.exists())
    for end in (*BESIDE, ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def repoint(path: Path, artifacts: Path) -> None:
    """MLflow stores absolute artifact paths: after the project has moved they would lead to its old place."""
    with _opened(path) as database:
        rows = database.execute("SELECT experiment_id, name, artifact_location FROM experiments").fetchall()
        for identity, name, there in rows:
            here = (artifacts / name).as_uri()
            if there and there != here and there.endswith(f"/{artifacts.name}/{quote(name)}"):
                database.execute("BEGIN IMMEDIATE")
                database.execute(
                    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (here, identity)
                )
                database.execute(
                    "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?) WHERE experiment_id = ? "
                    "AND substr(artifact_uri, 1, ?) = ?",
                    (here, len(there) + 1, identity, len(there), there),
                )
                database.execute("COMMIT")
