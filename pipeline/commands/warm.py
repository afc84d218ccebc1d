"""The client of a process that has torch imported and forks a copy of itself for each job (`warm_server`).

A bare training process spends 2 to 4 seconds on imports, which at the laptop tier is a fifth of a run. Whatever goes
wrong before a job has started, the job runs the ordinary way.

Client and process meet at a name that is no file (Linux's abstract sockets): it has a length that does not depend on
any folder's, needs no folder that can be written, and is gone with the process. The name stands for all that a forked
job inherits and cannot change (`_inherited`), so that a job runs as if its caller ran it. Who is not this user is sent
away, by both sides. The first client makes the socket and hands it to the process it starts: whoever calls meanwhile
waits in the socket's queue, and all of them are told at once if the process dies.
"""

# every job starts with this module, so it imports little: without pathlib, json and typing a client takes half the time
import errno
import hashlib
import os
import resource
import socket
import struct
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess

START_SECONDS = 30.0
"""How long a client waits for its job to begin; imports take 2 to 10 of them."""
COLD_FOLDER = ".recount"
COLD_SECONDS = 600.0
"""How long jobs do without a warm process after one could not be started."""
READ_AT_IMPORT = (
    *("PYTHON", "LD_", "LC_", "LANG", "OMP_", "MKL_", "KMP_", "GOMP_", "OPENBLAS_"),
    *("TORCH", "PYTORCH_", "CUDA_", "CUBLAS_", "NVIDIA_"),
)
"""How variables begin that an interpreter and its libraries read once, when they start."""


def delegate(arguments: list[str]) -> int | None:
    """Have the warm process run a command; its exit code, or None where the caller must run it itself."""
    if not sys.platform.startswith("linux") or "SLURM_JOB_ID" in os.environ:
        return None
    try:
        name = address()
        cold = cold_mark(name)
        if _recent(cold):
            return None
        link, server = _connect(name, arguments)
    except OSError:
        return None
    with link:
        answers = link.makefile("rb")
        try:
            request = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
            socket.send_fds(link, [b"\n"], [0, 1, 2])
            link.sendall(ascii(request).encode() + b"\n")
            started = answers.readline()
        except OSError:
            started = b""
        if not started:
            # it cannot start, or not in time, or it ended for lack of work just as this process called
            if server and server.poll() != 0:
                _remember(cold)
            return None
        link.settimeout(None)
        try:
            answer = answers.readline()
        except OSError:
            answer = b""
    # no answer: the warm process was ended, and its jobs with it, as if this process had been
    return int(answer) if answer.strip() else 1


def address() -> str:
    """The name at which the warm process for jobs of this process listens."""
    return f"\0recount-{os.getuid()}-{hashlib.sha256(repr(_inherited()).encode()).hexdigest()[:32]}"


def cold_mark(name: str) -> str:
    """The file that stands for a warm process of that name that could not be started, or not in time."""
    return os.path.join(COLD_FOLDER, f"cold{name[-33:]}")


def _inherited() -> list[object]:
    """What a forked job has from the warm process and cannot change: jobs that differ in it need another process."""
    limits = [getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]
    mask = os.umask(0o077)
    os.umask(mask)
    return [
        (sys.executable, os.getcwdb()),
        [(state.st_dev, state.st_ino) for state in map(os.stat, "/.")],
        sorted(os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")),
        _read("/proc/self/cgroup"),
        sorted(pair for pair in os.environ.items() if pair[0].startswith(READ_AT_IMPORT)),
        (os.getresuid(), os.getresgid(), sorted(os.getgroups())),
        [resource.getrlimit(limit) for limit in limits],
        (mask, os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))),
    ]


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _connect(name: str, arguments: list[str]) -> tuple[socket.socket, "subprocess.Popen[bytes] | None"]:
    """A connection, and the warm process where this call has started it; OSError where none is to be had."""
    server = None
    for _ in range(50):
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(START_SECONDS)
            link.connect(name)
            if peer(link) != os.getuid():
                raise PermissionError
            return link, server
        except ConnectionRefusedError:
            link.close()
            server = _started(name, arguments) or server
        except BaseException:
            link.close()
            raise
    raise TimeoutError


def _started(name: str, arguments: list[str]) -> "subprocess.Popen[bytes] | None":
    """Start the warm process; None where another client is about to."""
    import subprocess

    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            time.sleep(0.02)
            return None
        listener.listen(1024)
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.commands.warm_server", str(listener.fileno()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )


def peer(link: socket.socket) -> int:
    """The user on the other side."""
    found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", found)[1])


def _recent(cold: "str | os.PathLike[str]") -> bool:
    try:
        return 0 <= time.time() - os.stat(cold).st_mtime < COLD_SECONDS
    except OSError:
        return False


def _remember(cold: str) -> None:
    """Note that there is no use in starting a warm process, so that not every job tries."""
    from pathlib import Path

    with suppress(OSError):
        Path(COLD_FOLDER).mkdir(exist_ok=True)
        for old in Path(COLD_FOLDER).glob("cold-*"):
            if not _recent(old):
                old.unlink(missing_ok=True)
        Path(cold).touch()
