"""A process that has imported torch and this project, has planned once, and forks a copy of itself for each job.

It is started by its first client, which hands it a socket to listen on and its command line (`warm`), and ends by
itself after `IDLE_SECONDS` without work. Where a source has changed since it started, a job forgets what was imported
of this project and reads it as it is then.
"""

import ast
import ctypes
import gc
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.commands.warm import cold_mark, peer
from pipeline.errors import redacted

IDLE_SECONDS = 20.0
REQUEST_SECONDS = 10.0
"""How long a client may take to say what it wants."""
REQUEST_BYTES = 8 << 20
PRELOAD = (
    *("numpy", "torch", "torch._dynamo", "safetensors.torch", "pydantic", "yaml", "rich.progress", "filelock"),
    *("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store"),
)
OWN = ("commands.stages", "commands.jobs", "commands.progress", "training.loop", "training.evidence", "tracking")
"""Of this project, with the protocols' and modalities' halves that run."""
PACKAGE = Path(__file__).parents[1]


def serve(listener: socket.socket, arguments: list[str]) -> None:
    """Fork, reap, until idle. arguments: of the first client, whose jobs will mostly be planned alike."""
    _prepare()
    sources = _sources()
    _know_project(arguments)
    # what is imported stays: jobs need not search it for garbage, nor copy its pages to count references
    gc.collect()
    gc.freeze()
    with suppress(OSError):
        Path(cold_mark(os.fsdecode(listener.getsockname()))).unlink(missing_ok=True)  # slow, but there now
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    jobs: dict[int, Job] = {}
    idle = time.monotonic()
    while jobs or time.monotonic() - idle < IDLE_SECONDS:
        for descriptor, _ in waiting.poll(50 if jobs else 1000):
            if descriptor == listener.fileno():
                _accept(listener, jobs, waiting, sources)
            else:
                # a job has ended, or its client: then end the job too
                waiting.unregister(descriptor)
                for process in [process for process, job in jobs.items() if job.link.fileno() == descriptor]:
                    os.kill(process, signal.SIGKILL)
        for process in list(jobs):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                _answer(jobs.pop(process), waiting, os.waitstatus_to_exitcode(status))
                idle = time.monotonic()


class Job(NamedTuple):
    link: socket.socket
    """To its client."""
    end: int | None
    """What can be read as soon as it has ended; None where the system has no such descriptors."""

    def close(self) -> None:
        self.link.close()
        if self.end is not None:
            os.close(self.end)


def _accept(
    listener: socket.socket, jobs: dict[int, Job], waiting: select.poll, sources: dict[str, tuple[int, int]]
) -> None:
    """Fork a job for the next client. It is the job that hears the client out, so that none keeps others waiting."""
    try:
        link, _ = listener.accept()
    except OSError:
        time.sleep(0.05)  # too many files are open; jobs that end close theirs
        return
    server = os.getpid()
    try:
        process = os.fork() if peer(link) == os.getuid() else None
    except OSError:
        process = None
    if process == 0:
        listener.close()
        for other in jobs.values():
            other.close()
        _job(link, sources, server)
    elif process:
        jobs[process] = Job(link, _end_of(process))
        waiting.register(link, 0)  # to be told of its end alone
        if (end := jobs[process].end) is not None:
            waiting.register(end, select.POLLIN)
    else:
        link.close()


def _end_of(process: int) -> int | None:
    try:
        return os.pidfd_open(process)
    except (AttributeError, OSError):
        return None


def _answer(job: Job, waiting: select.poll, code: int) -> None:
    """Tell a client how its job has ended."""
    for each in (job.link, job.end):
        with suppress(KeyError):
            if each is not None:
                waiting.unregister(each)
    with suppress(OSError):
        job.link.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
    job.close()


def _prepare() -> None:
    """Import what jobs need."""
    import importlib

    for name in PRELOAD:
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(ImportError):
        # half a second of every job that opens the tracking store
        importlib.import_module("sqlalchemy.orm").configure_mappers()


def _sources() -> dict[str, tuple[int, int]]:
    """What tells whether this project's modules have changed."""
    found = {str(path): path.stat() for path in PACKAGE.rglob("*.py")}
    return {path: (state.st_mtime_ns, state.st_size) for path, state in found.items()}


def _know_project(arguments: list[str]) -> None:
    """Import this project and plan; nothing where that fails."""
    import importlib

    try:
        halves = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.glob("*/*/run.py")]
        for name in (*OWN, *(".".join(half.parts) for half in halves)):
            importlib.import_module(f"pipeline.{name}")
        from pipeline.commands import jobs
        from pipeline.planning import load

        load.remember(jobs.ROOT, jobs.values(arguments[3::2]))
    except Exception:
        _forget_project()


def _forget_project() -> None:
    for own in [name for name in sys.modules if name.split(".")[0] == "pipeline"]:
        del sys.modules[own]


def _job(link: socket.socket, sources: dict[str, tuple[int, int]], server: int) -> None:
    """Hear a client out, run its command as its own, and end this process."""
    code = 1
    kill_with_parent = 1
    try:
        ctypes.CDLL(None).prctl(kill_with_parent, signal.SIGKILL)
        request = _request(link)
        link.sendall(b"started\n")
    except BaseException:  # a client that has given up, or never wanted anything
        os._exit(code)
    if os.getppid() != server:  # which had ended before it could take this process with it
        os._exit(code)
    try:
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["pipeline", *request["arguments"]]
        if _sources() != sources:
            _forget_project()
        from pipeline.commands.entry import run

        code = run(request["arguments"])
    except BaseException:
        print(redacted(traceback.format_exc()), file=sys.stderr)
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _request(link: socket.socket) -> dict[str, Any]:
    """What a client wants, after its standard input and outputs have become this process's. OSError, ValueError where
    it does not say so in time, or not rightly."""
    link.settimeout(REQUEST_SECONDS)
    _, handles, _, _ = socket.recv_fds(link, 1, 3)
    text = link.makefile("rb").readline(REQUEST_BYTES)
    request: dict[str, Any] = ast.literal_eval(text.decode())
    for target, handle in zip(range(3), handles, strict=True):
        os.dup2(handle, target)
        os.close(handle)
    # those of before were made for the null device, and know that one's ways
    for target, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        lines = 1 if target == 2 or os.isatty(target) else -1
        how = {"encoding": before.encoding, "errors": before.errors, "closefd": False}
        setattr(sys, name, os.fdopen(target, "w" if target else "r", lines, **how))
    return request


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as own:
        serve(own, sys.argv[2:])
