"""Pruning: only what the plan does not own, never what is at work, and nothing behind a link."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import files
from pipeline.commands import entry, prune, stages
from pipeline.planning import load as planning
from tests.kit import project

PLACE = "classification/cross_entropy/default"
STALE, KILLED = Path(f"runs/{PLACE}-s0-00000000"), Path(f"trained/{PLACE}-s1-00000000")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a stale result, a training that was killed and is stale, and one that is planned."""
    folder = project.make(tmp_path / "project")
    monkeypatch.chdir(folder)
    files.write_bytes(STALE / "result.json", b"x" * 1500)
    files.write_text(KILLED / stages.CHECKPOINT, "half")
    files.write_text(kept() / "train.json", "whatever")
    return folder


def kept() -> Path:
    return Path(planning.load(only="classification").study_runs("classification")[0].trained)


def pruned(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    assert entry.run(["prune", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.splitlines()


def test_it_lists_then_deletes_what_the_plan_does_not_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.rglob("*"))
    assert pruned(capsys) == [
        f"stale {STALE} (1.5 kB)", f"stale {KILLED} (4 B)", "1.5 kB to be freed; --yes deletes"
    ]  # fmt: skip
    assert sorted(folder.rglob("*")) == before
    assert pruned(capsys, "--yes") == [f"deleted {STALE} (1.5 kB)", f"deleted {KILLED} (4 B)", "1.5 kB freed"]
    assert not STALE.exists() and not KILLED.exists() and (kept() / "train.json").exists()
    assert not (folder / "runs/classification").exists()  # which is empty now
    assert pruned(capsys, "--yes") == pruned(capsys) == []


@pytest.fixture
def worker() -> Iterator[None]:
    """Another process that holds the stale folder."""
    program = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(STALE / stages.LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout
        process.stdout.readline()
        yield
        process.communicate("")


def test_a_run_at_work_stays(folder: Path, worker: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"at work {STALE}" in pruned(capsys)
    assert pruned(capsys, "--yes") == [f"at work {STALE}", f"deleted {KILLED} (4 B)", "4 B freed"]
    assert (STALE / "result.json").exists()


def test_no_link_is_followed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away = tmp_path / "away/simclr/default-s0-11111111"
    files.write_text(away / "result.json", "elsewhere's")
    linked, above = Path(f"runs/{PLACE}-s9-99999999"), Path("runs/ssl")
    linked.symlink_to(away)
    above.symlink_to(away.parents[1])
    Path(f"trained/{PLACE}-s8-dangling").symlink_to("nowhere")
    (STALE / "inside").symlink_to(away)
    said = pruned(capsys, "--yes")
    assert f"link {above}: not followed" in said
    assert f"deleted {linked} (a link)" in said and f"deleted trained/{PLACE}-s8-dangling (a link)" in said
    assert not linked.is_symlink() and above.is_symlink() and not STALE.exists()
    assert (away / "result.json").read_text(encoding="utf-8") == "elsewhere's"


def test_a_tree_that_is_a_link_is_another_projects(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("runs").rename(tmp_path / "theirs")
    Path("runs").symlink_to(tmp_path / "theirs")
    assert "link runs: not followed" in pruned(capsys, "--yes")
    assert (STALE / "result.json").exists()


def test_a_file_counts_once_and_only_when_no_name_of_it_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write_bytes(STALE / "model.safetensors", b"x" * 1_000_000)
    (KILLED / "model.safetensors").hardlink_to(STALE / "model.safetensors")
    files.write_bytes(kept() / "model.safetensors", b"x" * 50_000_000)
    (STALE / "history.jsonl").hardlink_to(kept() / "model.safetensors")
    assert pruned(capsys)[-1] == "1.0 MB to be freed; --yes deletes"


def test_searches_of_planned_studies_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(
        Path("studies/classification.yaml"),
        search={"smoke": {"learning_rates": [0.01, 0.5], "validation_examples": 64}},
    )
    run = planning.load(only="classification_search").study_runs("classification_search")[0]
    files.write_text(Path(run.path) / "result.json", "{}")
    old = Path("runs/classification_search/cross_entropy/rate_9-s0-00000000")
    files.write_text(old / "result.json", "{}")
    said = pruned(capsys, "--yes")
    assert Path(run.path).exists() and not old.exists()
    assert f"deleted {old} (2 B)" in said


def test_what_killed_calls_left_half_written_goes_after_an_hour(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = Path("results/tables/.ssl.csv.abc.tmp.csv"), Path("data/prepared/x/.y.npy.def.tmp.npy")
    for path in (old, new):
        files.write_text(path, "half")
    os.utime(old, (0, 0))
    assert f"deleted {old} (4 B)" in pruned(capsys, "--yes")
    assert not old.exists() and new.exists()


def test_calls_at_once_delete_everything_without_a_word_of_error(folder: Path) -> None:
    for place in range(200):
        files.write_text(Path(f"runs/{PLACE}-s{place}-0000000{place % 10}/result.json"), "x")
    program = (
        "import sys; from pathlib import Path; from pipeline.commands import prune; prune.prune(set(), Path(), True)"
    )
    environment = {**os.environ, "PYTHONPATH": str(project.HERE)}
    calls = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(3)
    ]
    assert [(call.communicate()[1], call.returncode) for call in calls] == [("", 0)] * 3
    assert not list(Path("runs").iterdir())


def test_a_job_that_waited_for_a_folder_works_in_a_new_one(folder: Path) -> None:
    lock = stages.hold(STALE)
    assert lock is not None
    program = (
        "from pathlib import Path; from pipeline.commands import stages\n"
        f"with stages.alone(Path({str(STALE)!r}), 'x'): Path({str(STALE / 'mine')!r}).write_text('x')"
    )
    environment = {**os.environ, "PYTHONPATH": str(project.HERE)}
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as waiting:
        _until_waited_for(STALE / stages.LOCK)
        gone = STALE.rename(STALE.with_name(".gone"))
        lock.close()
        assert waiting.wait() == 0
    assert (STALE / "mine").exists() and not (gone / "mine").exists()


def _until_waited_for(path: Path) -> None:
    inode = f":{path.stat().st_ino} "
    while not any(
        "->" in line and inode in line for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    ):
        os.sched_yield()


def test_sizes_are_readable() -> None:
    assert [prune.readable(n) for n in (0, 999, 1000, 2.5e6, 3e9, 4e12, 5e15)] == [
        "0 B", "999 B", "1.0 kB", "2.5 MB", "3.0 GB", "4.0 TB", "5000.0 TB"
    ]  # fmt: skip
