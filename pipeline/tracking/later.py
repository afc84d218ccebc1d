"""Runs that have ended, sent by one process beside a call's jobs, so that no job waits for the store.

A job that is to be sent later (LATER is set) leaves a note in QUEUE and starts a sender where none is at work. The
sender keeps the store open, sends what is noted, and ends soon after there is nothing left. The call waits for it at
its end (`finish`). Where a sender is killed its notes stay, for the next one or for `sync`, which sends whatever is
missing.
"""

import contextlib
import fcntl
import json
import logging
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files import write_text, written
from pipeline.tracking.runs import send

if TYPE_CHECKING:
    from pipeline.planning.model import Run

LATER = "RECOUNT_LATER"
"""The variable by which a call that waits for the sender says so to its jobs."""
QUEUE = Path(".recount/unsent")
LOCK = Path(".recount/sender.lock")
LOG = Path("logs/track.log")
LINGER_SECONDS = 5.0
"""How long a sender waits for more: jobs of one call end every few seconds."""
LAST = "last"
"""The note of a call that ends: nothing more will come."""


def send_later(run: "Run", root: Path) -> None:
    """Have a finished run sent by the sender; where there can be none, send it now."""
    try:
        (root / QUEUE).mkdir(parents=True, exist_ok=True)
        write_text(root / QUEUE / f"{run.id}.json", json.dumps(asdict(run)))
        if not _at_work(root):
            _start(root)
    except OSError:
        send(run, root)


def finish(root: Path) -> None:
    """Wait until all that is noted has been sent, and say on standard error what went wrong with it."""
    queue = root / QUEUE
    if not queue.is_dir():
        return
    with contextlib.suppress(OSError):
        (queue / LAST).touch()
        with (root / LOCK).open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _drain(root)
        (queue / LAST).unlink(missing_ok=True)
        told = root / LOG
        if told.exists():
            sys.stderr.write(told.read_text(encoding="utf-8", errors="replace"))
            told.unlink()


def _at_work(root: Path) -> bool:
    with (root / LOCK).open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _start(root: Path) -> None:
    """Fork the sender, which has imported by now what this process has."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        return
    try:
        os.setsid()  # what ends the job, or its group, does not end it
        _silence(root)
        _serve(root)
    except BaseException:
        logging.getLogger(__name__).exception("the sender ended")
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(0)


def _silence(root: Path) -> None:
    """Let go of whatever the job's caller waits for, and write messages to LOG."""
    log = root / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, os.devnull, os.O_WRONLY),
        (2, str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o666)
        os.dup2(opened, descriptor)
        if opened != descriptor:
            os.close(opened)


def _serve(root: Path) -> None:
    """Send until nothing has come for LINGER_SECONDS, or the call has ended; one sender at a time."""
    with (root / LOCK).open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        idle = time.monotonic()
        while time.monotonic() - idle < LINGER_SECONDS:
            last = (root / QUEUE / LAST).exists()
            if _drain(root):
                idle = time.monotonic()
            if last:
                return
            time.sleep(0.1)
    # a note of a job that took this sender for one at work
    if written(root / QUEUE, "*.json"):
        _serve(root)


def _drain(root: Path) -> bool:
    """Send what is noted, oldest first, and take the notes away; whether there were any."""
    from pipeline.planning.model import Run

    notes = sorted(written(root / QUEUE, "*.json"), key=lambda path: path.stat().st_mtime_ns)
    for note in notes:
        with contextlib.suppress(TypeError, ValueError):  # a note of another version: `sync` sends the run
            send(Run(**json.loads(note.read_text(encoding="utf-8"))), root)
        note.unlink(missing_ok=True)
    return bool(notes)
