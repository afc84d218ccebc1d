"""Runs that have ended are sent by one process beside the jobs, and none gets lost."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import tracking
from pipeline.planning.model import Run
from pipeline.tracking import later


def made(number: int) -> Run:
    fields: dict[str, Any] = {name: name for name in Run.__dataclass_fields__}
    return Run(**fields | {"id": f"{number:064x}", "settings": {"epochs": number}, "needs": (), "recipes": {"d": "r"}})


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each run that was sent: its id, and the process that sent it."""
    path = tmp_path / "sent"

    def send(run: Run, root: Path) -> bool:
        time.sleep(0.05)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{run.id} {os.getpid()} {run.settings}\n")
        if run.settings["epochs"] == 3:
            os.write(2, b"warning: 3 is not tracked\n")
        return True

    monkeypatch.setattr(later, "send", send)
    return path


def told(path: Path) -> list[list[str]]:
    return [line.split(" ", 2) for line in path.read_text(encoding="utf-8").splitlines()]


def test_one_process_sends_what_many_jobs_leave(tmp_path: Path, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = time.monotonic()
    for number in range(20):
        tracking.send_later(made(number), tmp_path)
    assert time.monotonic() - begun < 0.5  # a tenth of what they take
    tracking.finish(tmp_path)
    lines = told(sent)
    assert [line[0] for line in lines] == [made(number).id for number in range(20)]
    assert lines[7][2] == "{'epochs': 7}"
    assert str(os.getpid()) not in {line[1] for line in lines}
    assert not list((tmp_path / later.QUEUE).iterdir())
    assert capsys.readouterr().err == "warning: 3 is not tracked\n"


def test_a_note_that_is_being_written_is_left_alone(tmp_path: Path, sent: Path) -> None:
    tracking.send_later(made(1), tmp_path)
    half = tmp_path / later.QUEUE / ".note.json.x.tmp.json"
    half.write_text("{", encoding="utf-8")
    tracking.finish(tmp_path)
    assert len(told(sent)) == 1 and half.exists()


def test_what_a_killed_sender_leaves_is_sent_at_the_end(tmp_path: Path, sent: Path) -> None:
    for number in range(10):
        tracking.send_later(made(number), tmp_path)
    while not sent.exists():
        time.sleep(0.01)
    os.kill(int(told(sent)[0][1]), signal.SIGKILL)
    tracking.finish(tmp_path)
    assert {line[0] for line in told(sent)} == {made(number).id for number in range(10)}


def test_a_sender_ends_where_nothing_comes(tmp_path: Path, sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "LINGER_SECONDS", 0.2)
    tracking.send_later(made(1), tmp_path)
    deadline = time.monotonic() + 10
    while later._at_work(tmp_path) or not sent.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tracking.send_later(made(2), tmp_path)  # by a new one
    tracking.finish(tmp_path)
    assert len({line[1] for line in told(sent)}) == 2


def test_where_no_note_can_be_left_it_is_sent_at_once(tmp_path: Path, sent: Path) -> None:
    (tmp_path / ".recount").write_text("", encoding="utf-8")
    tracking.send_later(made(1), tmp_path)
    assert told(sent)[0][1] == str(os.getpid())


def test_a_note_that_cannot_be_read_stops_nothing(tmp_path: Path, sent: Path) -> None:
    tracking.send_later(made(1), tmp_path)
    for name, text in (("a", '{"id": "of another version"}'), ("b", "{"), ("c", "[]")):
        (tmp_path / later.QUEUE / f"{name}.json").write_text(text, encoding="utf-8")
    tracking.finish(tmp_path)
    assert len(told(sent)) == 1 and not list((tmp_path / later.QUEUE).iterdir())


def test_nothing_to_wait_for(tmp_path: Path) -> None:
    tracking.finish(tmp_path)
    assert not list(tmp_path.iterdir())
