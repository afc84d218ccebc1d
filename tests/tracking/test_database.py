"""The embedded database: made whole or not at all, whatever stands in its place; and it moves with the project."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import tracking
from pipeline.errors import UserError
from pipeline.exhibits.frame import Files
from pipeline.tracking import database, reach
from tests.kit import exhibits as kit
from tests.kit.project import HERE
from tests.kit.tracked import small


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(reach, "_given_up", set())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two runs."""
    root = tmp_path_factory.mktemp("whole")
    kit.write(root, small(1))
    tracking.sync(small(1), root)
    return root


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as opened:
        return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"no database, and long enough to be told apart from an empty one" * 20)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 40] = b"\xff" * 4096 * 37
    path.write_bytes(content)


def half_made(path: Path) -> None:
    """What a kill left of one that MLflow made in its place: tables, and no word of which version they are."""
    with sqlite3.connect(path) as opened:
        opened.execute("DROP TABLE alembic_version")


def begun(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as opened:
        opened.execute("CREATE TABLE experiments (experiment_id INTEGER)")


@pytest.mark.parametrize("damage", [empty, garbage, cut, changed, half_made, begun], ids=lambda damage: damage.__name__)
def test_what_is_no_whole_database_is_put_aside_and_made_anew(
    tmp_path: Path, whole: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    kit.write(tmp_path, small(1))
    path = tmp_path / "mlflow.db"
    shutil.copy(whole / "mlflow.db", path)
    damage(path)
    Path(f"{path}-journal").write_bytes(b"of the old one")
    broken = path.read_bytes()
    assert tracking.sync(small(1), tmp_path).sent == 2
    assert tracking.sync(small(1), tmp_path).present == 2
    assert tracking.trouble(tmp_path) is None
    aside = [name for name in tmp_path.glob("mlflow.db?*") if "journal" not in name.name]
    assert len(aside) == len(caplog.records) == (damage is not empty)
    for name in aside:
        assert name.read_bytes() == broken
        assert "moved to mlflow.db.damaged-1" in caplog.text and "python -m pipeline track" in caplog.text


def test_a_database_of_another_program_is_left_alone(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    begun(shutil.copy(whole / "mlflow.db", path))
    with pytest.raises(UserError, match="not made to its end, or not by MLflow; move it away"):
        tracking.sync(small(1), tmp_path)
    assert tables(path) == {"experiments"}


def schema(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as opened:
        opened.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_newer_schema_is_left_alone_and_an_older_one_is_brought_up_to_date(tmp_path: Path, whole: Path) -> None:
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config

    root = shutil.copytree(whole, tmp_path / "project")
    path = root / "mlflow.db"
    schema(path, "0123456789ab")
    before = path.read_bytes()
    with pytest.raises(UserError, match="made by a newer MLflow"):
        tracking.sync(small(1), root)
    assert path.read_bytes() == before
    # the last step of MLflow's schema is taken back: an older one
    schema(path, database._head())
    command.downgrade(_get_alembic_config(f"sqlite:///{path}"), "-1")
    assert tracking.sync(small(1), root).present == 2
    assert list(root.glob("mlflow.db?*")) == []


MAKES = """
import os, sys
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store
from pipeline import tracking
from tests.kit.tracked import small

Path(sys.argv[1], "ready").touch()
sys.exit(not all(tracking.send(run, Path(sys.argv[1])) for run in small(1).runs))
"""


def test_a_kill_while_it_is_made_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    """Killed in the midst of it; what a second process then makes is whole, and nothing of the first is left."""
    kit.write(tmp_path, small(1))
    command = [sys.executable, "-c", MAKES, str(tmp_path)]
    killed = subprocess.Popen(command, cwd=HERE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("mlflow.db.new-*/mlflow.db")) and not (tmp_path / "mlflow.db").exists():
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    if (tmp_path / "mlflow.db").exists():
        assert "alembic_version" in tables(tmp_path / "mlflow.db")
    assert tracking.sync(small(1), tmp_path).sent <= 2
    assert tracking.sync(small(1), tmp_path).present == 2
    assert list(tmp_path.glob("mlflow.db?*")) == []


def test_a_full_disk_while_it_is_made_leaves_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kit.write(tmp_path, small(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))  # a file of that size is more than the disk holds
    try:
        assert not any(tracking.send(run, tmp_path) for run in small(1).runs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(caplog.records) == 1
    assert list(tmp_path.glob("mlflow.db*")) == []
    assert tracking.sync(small(1), tmp_path).sent == 2


@pytest.mark.parametrize("name", ["a b", "a?b", "a%41#b&'\";é", "long " * 40])
def test_the_projects_path_may_have_any_letter_and_change(tmp_path: Path, whole: Path, name: str) -> None:
    root = tmp_path / name / "project"
    shutil.copytree(whole, root)
    results = Files(root).results(small(1).runs)
    tracking.ui_command(root)  # what opens the pages leads them to where the artifacts are now
    with sqlite3.connect(root / "mlflow.db") as opened:
        (places,) = zip(*opened.execute("SELECT artifact_location FROM experiments WHERE name = 'ssl'"), strict=True)
        runs = [place for (place,) in opened.execute("SELECT artifact_uri FROM runs")]
    assert places == ((root / "mlartifacts/ssl").as_uri(),)
    assert all(place.startswith(f"{places[0]}/") for place in runs)
    shutil.rmtree(root / "runs")
    assert tracking.MlflowRecords(small(1), root).results(small(1).runs) == results
    assert not (tmp_path / "a").exists()


def test_the_doctor_is_told_what_is_wrong_and_nothing_is_made(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "mlflow.db"
    assert tracking.trouble(tmp_path) is None and not path.exists()
    shutil.copy(whole / "mlflow.db", path)
    cut(path)
    before = path.read_bytes()
    assert "malformed" in str(tracking.trouble(tmp_path)) or "page" in str(tracking.trouble(tmp_path))
    assert path.read_bytes() == before
