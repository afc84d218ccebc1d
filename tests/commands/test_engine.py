"""Which files a step waits for, and whose turn it is."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.commands import engine
from pipeline.errors import UserError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for cached in (engine.there, engine._past):
        cached.cache_clear()
    for name in ("own", "a", "b", "future"):
        Path(name).touch()
    os.utime("future", (time.time() + 1e6,) * 2)
    return tmp_path


def call(**asked: Any) -> SimpleNamespace:
    """What the engine sees of a call of Snakemake: `snakemake`, apart from what is asked."""
    names = ("forceall", "forcetargets", "forcerun", "until", "omit_from")
    settings = SimpleNamespace(rerun_triggers=frozenset(), **{name: asked.get(name, False) for name in names})
    plain = {"is_main_process": True, "executor_plugin": "one", "dryrun": False, "touch": False, "local_exec": False}
    return SimpleNamespace(dag_settings=settings, dag=SimpleNamespace(forcefiles=set()), **{**plain, **asked})


def test_a_step_waits_for_the_last_file_of_what_it_reads(here: Path) -> None:
    read = [("a", "b"), ("a", "gone"), ("gone", "b"), ("future",)]
    assert engine.inputs(("missing",), read) == ["b", "gone", "b"]
    # what is made does not wait for what its own path stands for
    assert engine.inputs(("own",), read, leave=True) == ["b"]
    assert engine.inputs(("missing",), read, leave=True) == ["b", "gone", "b"]


def test_a_step_any_of_whose_files_is_missing_is_made(here: Path) -> None:
    called = call(is_main_process=False)
    made = engine.Engine(called, [("a", "b"), ("gone", "b"), ("a", "gone")])
    made.begin()
    assert called.dag.forcefiles == made.making == {"b", "gone"}


@pytest.mark.parametrize(
    ("asked", "whole"),
    [
        ({}, False),
        ({"dryrun": True}, False),
        ({"forceall": True}, True),
        ({"forcerun": {"train"}}, True),
        ({"touch": True}, True),
        ({"executor_plugin": None}, True),
        ({"is_main_process": False}, True),
    ],
)
def test_what_is_done_belongs_to_the_graph_only_where_a_call_may_be_about_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, asked: dict, whole: bool
) -> None:
    monkeypatch.setattr(engine, "commit", lambda _: None)
    made = engine.Engine(call(**asked), [("a", "b"), ("own",), ("gone",)])
    made.begin()
    assert made.left == (set() if whole else {"a", "b", "own"})


def test_an_exhibit_from_the_future_is_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "commit", lambda _: None)
    monkeypatch.setattr(engine.outputs, "sound", lambda *_: True)
    exhibit = SimpleNamespace(outputs=["gone", "future"])
    for dry in (True, False):
        engine._past.cache_clear()
        engine.Engine(call(dryrun=dry), [], [exhibit]).begin()  # type: ignore[list-item]
        assert engine.inputs(("missing",), [("future",)]) == ([] if dry else ["future"])


def test_no_step_reads_what_it_leaves_under_another_name() -> None:
    """Snakemake sets the times of weights and history, one after the other, and holds them against what was read."""
    run = SimpleNamespace(trains=True, trained="trained/t", path="runs/r")
    read = engine.inputs(engine.evaluated(run), [engine.trained(run)])  # type: ignore[arg-type]
    assert read == ["trained/t/train.json"]
    assert not {Path(path).name for path in read} & {Path(path).name for path in engine.evaluated(run)}  # type: ignore[arg-type]


def test_turns_are_taken_and_a_killed_engine_leaves_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = "import time; from pathlib import Path; from pipeline.commands import engine\n"
    program += "held = engine.turn(Path()); print('mine', flush=True); time.sleep(60)"
    path = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parents[2])}
    other = subprocess.Popen([sys.executable, "-c", program], env=path, stdout=subprocess.PIPE, encoding="utf-8")
    assert other.stdout and other.stdout.readline() == "mine\n"
    waiting = subprocess.Popen(
        [sys.executable, "-c", program], env=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert waiting.stderr and f"another snakemake (process {other.pid} on " in waiting.stderr.readline()
    other.kill()
    assert waiting.stdout and waiting.stdout.readline() == "mine\n"
    waiting.kill()
    waiting.communicate()
    other.communicate()
    lock = engine.turn(here)
    assert lock is not None
    lock.close()
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_written_is_said_before_anything_begins(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.check(None, here)
    (here / ".snakemake").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: path != here / ".snakemake")
    with pytest.raises(UserError, match=r"\.snakemake: cannot be written to"):
        engine.check(1, here)


def test_no_core_is_refused(here: Path) -> None:
    with pytest.raises(UserError, match="--cores 0: no job can run"):
        engine.check(0, here)
