"""A process that has torch imported and forks a copy of itself for each job.

A bare training process spends 2 to 4 seconds on imports, which at the laptop tier is a fifth of a run. The warm
process also imports this project and plans once, which spares each job half a second of reading its sources; where a
source has changed since, the job forgets all that and reads them as they are then. It serves one project, user and
Python, listens on a Unix socket that only the user can open, and ends by itself after `IDLE_SECONDS` without work.
Whatever goes wrong before a job has started, the job runs the ordinary way.
"""

import ctypes
import gc
import hashlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

IDLE_SECONDS = 20.0
START_SECONDS = 30.0
PRELOAD = (
    *("numpy", "torch", "torch._dynamo", "safetensors.torch", "pydantic", "yaml", "rich.progress", "filelock"),
    *("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store"),
)
OWN = ("commands.stages", "commands.jobs", "commands.progress", "training.loop", "training.evidence", "tracking")
"""Of this project, with the protocols' and modalities' halves that run."""


PACKAGE = Path(__file__).parents[1]


def socket_path() -> Path:
    """One socket for each user, interpreter and working folder."""
    name = hashlib.sha256(f"{sys.executable}\0{Path.cwd()}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"recount-{os.getuid()}" / f"{name}.sock"


def delegate(arguments: list[str]) -> int | None:
    """Have the warm process run a command; its exit code, or None where the caller must run it itself."""
    if not sys.platform.startswith("linux") or "SLURM_JOB_ID" in os.environ:
        return None
    try:
        link = _connect()
    except OSError:
        return None
    if link is None:
        return None
    with link:
        request = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        try:
            socket.send_fds(link, [b"\n"], [0, 1, 2])
            link.sendall(json.dumps(request).encode() + b"\n")
            answers = link.makefile()
            started = answers.readline()
        except OSError:
            started = ""
        if not started:
            return None  # it ended for lack of work just as this process called
        try:
            answer = answers.readline()
        except OSError:
            answer = ""
    # no answer: the warm process was ended, and its jobs with it, as if this process had been
    return int(answer) if answer.strip() else 1


def _connect() -> socket.socket | None:
    path = socket_path()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        return None
    started = False
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(path))
            return link
        except OSError:
            link.close()
        if not started:
            started = True
            # a second process started at the same moment finds the socket taken and ends
            subprocess.Popen(
                [sys.executable, "-m", "pipeline.commands.warm"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        time.sleep(0.05)
    return None


def serve() -> None:
    """Listen, fork, reap, until idle."""
    import fcntl
    import importlib

    path = socket_path()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lock = path.with_suffix(".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    for name in PRELOAD:
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(ImportError):
        # half a second of every job that opens the tracking store
        importlib.import_module("sqlalchemy.orm").configure_mappers()
    sources = _sources()
    _know_project()
    # what is imported stays: jobs need not search it for garbage, nor copy its pages to count references
    gc.collect()
    gc.freeze()
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as waiting:
        listener.bind(str(path))
        listener.listen(64)
        waiting.register(listener, selectors.EVENT_READ)
        jobs: dict[int, socket.socket] = {}
        idle = time.monotonic()
        while jobs or time.monotonic() - idle < IDLE_SECONDS:
            for key, _ in waiting.select(timeout=0.05 if jobs else 1.0):
                if key.fileobj is listener:
                    link, _address = listener.accept()
                    process = _start(link, sources)
                    if process:
                        jobs[process] = link
                        waiting.register(link, selectors.EVENT_READ, process)
                    else:
                        link.close()
                else:
                    # the client never writes again, so this is its end: end its job too
                    waiting.unregister(key.fileobj)
                    with suppress(ProcessLookupError):
                        os.kill(key.data, signal.SIGKILL)
            for process in list(jobs):
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    link = jobs.pop(process)
                    with suppress(KeyError, ValueError):
                        waiting.unregister(link)
                    code = os.waitstatus_to_exitcode(status)
                    with suppress(OSError):
                        link.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
                    link.close()
                    idle = time.monotonic()
        path.unlink(missing_ok=True)


def _sources() -> dict[str, tuple[int, int]]:
    """What tells whether this project's modules have changed."""
    found = {str(path): path.stat() for path in PACKAGE.rglob("*.py")}
    return {path: (state.st_mtime_ns, state.st_size) for path, state in found.items()}


def _know_project() -> None:
    """Import this project and plan, for what the plan remembers of the sources; nothing where that fails."""
    import importlib

    try:
        halves = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.glob("*/*/run.py")]
        for name in (*OWN, *(".".join(half.parts) for half in halves)):
            importlib.import_module(f"pipeline.{name}")
        from pipeline.planning import expand, load

        load.load()
        expand._data.cache_clear()  # a folder of images may change while this process lives
    except Exception:
        _forget_project()


def _forget_project() -> None:
    for own in [name for name in sys.modules if name.split(".")[0] == "pipeline" and name != "pipeline.commands.warm"]:
        del sys.modules[own]


def _start(link: socket.socket, sources: dict[str, tuple[int, int]]) -> int:
    """Fork a job for a client; the process id, or 0 where the request was broken."""
    try:
        _, handles, _, _ = socket.recv_fds(link, 1, 3)
        request = json.loads(link.makefile().readline())
    except (OSError, ValueError):
        return 0
    process = os.fork()
    if process:
        for handle in handles:
            os.close(handle)
        with suppress(OSError):
            link.sendall(b"started\n")
        return process
    code = 1
    try:
        kill_with_parent = 1
        ctypes.CDLL(None).prctl(kill_with_parent, signal.SIGKILL)
        for target, handle in enumerate(handles):
            os.dup2(handle, target)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["pipeline", *request["arguments"]]
        if _sources() != sources:
            _forget_project()
        from pipeline.commands.entry import run

        code = run(request["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
