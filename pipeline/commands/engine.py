"""What the Snakefile asks: whose turn it is, which files a step has, and which of those that it reads come first.

A step whose files are all there is done, whatever their times and wherever they were made: what it is made from stands
in its path. So nothing here compares times, and no input ever makes a finished step run again.
"""

import contextlib
import fcntl
import functools
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline import tracking
from pipeline.commands.stages import COMMIT, KEPT, PREDICTIONS, RESULT, TRAINED, commit
from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.training import cards

if TYPE_CHECKING:
    from pipeline.exhibits.outputs import Exhibit
    from pipeline.planning.model import Run

LOCK = Path(".recount") / "engine.lock"
Files = tuple[str, ...]
"""What a step leaves, its last file last."""
TRAINING: Files = (*KEPT, TRAINED)
SCORE: Files = (PREDICTIONS, RESULT)
EVALUATION: Files = (*KEPT, *SCORE)


class Engine:
    """A call of Snakemake, once it is known what it is for: it works alone, and at most one job a card at once.

    steps: the files of each step; what reads a step waits for its last file alone (`inputs`).
    exhibits: what people read, and may have changed: small enough to be held against their stamps at every call.
    """

    def __init__(self, workflow: Any, steps: Iterable[Files] = (), exhibits: Iterable["Exhibit"] = ()) -> None:
        self.workflow, self.steps, self.exhibits = workflow, tuple(steps), tuple(exhibits)
        self.making: set[str] = set()
        """The last files of the steps that are made in this call, whether or not they are there."""
        self.left: set[str] = set()
        """The files of steps that are done and stay out of this call's graph, which takes seconds less to build.

        None of exhibits: those are made again with what they read."""
        self._begun = False
        self._turn: IO[str] | None = None

    def begin(self) -> None:
        """Before it is looked which files are there: only missing files count, whatever the caller's profile says.

        Where something is to be run, and not in a dry run, this call waits its turn.
        """
        if self._begun:
            return
        self._begun = True
        called = self.workflow
        settings = called.dag_settings
        settings.rerun_triggers = frozenset(each for each in settings.rerun_triggers if each.name == "MTIME")
        executor = called.executor_plugin if called.is_main_process else None
        forced = (settings.forceall, settings.forcetargets, settings.forcerun, settings.until, settings.omit_from)
        whole = executor is None or called.touch or any(forced)
        if executor is not None and not called.dryrun:
            self._turn = turn(Path())
            os.environ[COMMIT] = commit(Path()) or ""
            for path in (path for each in self.exhibits for path in each.outputs):
                _out_of_the_future(path)
            if called.local_exec:
                os.environ[tracking.LATER] = "1"
                if "gpu_slots" not in called.global_resources and (found := cards.found()):
                    called.register_resource("gpu_slots", len(found))
        # of a step, Snakemake looks for the files alone that it is asked for: for an old table, say, and not its stamp
        self.making.update(files[-1] for files in self.steps if not there(files))
        if not whole:
            self.left.update(path for files in self.steps if files[-1] not in self.making for path in files)
        self.making.update(each.outputs[-1] for each in self.exhibits if not outputs.sound(each, Path()))
        called.dag.forcefiles.update(self.making)

    def end(self) -> None:
        """After a call, however it went: wait for what is still to be sent to the tracking store."""
        if tracking.LATER in os.environ:
            tracking.finish(Path())

    def unhindered(self) -> None:
        """Take Snakemake's own limit of jobs a second away: for it, all jobs are weighed anew ever more often."""
        limit = self.workflow.scheduling_settings.max_jobs_per_timespan
        if (limit.max_jobs, limit.timespan) == (100, 1):
            self.workflow.scheduler.job_rate_limiter = None


def check(cores: int | None, root: Path) -> None:
    """Raise UserError where Snakemake would wait for ever, having no core, or end in a traceback, unable to write.

    cores: what `--cores` says; None where jobs run elsewhere.
    """
    if cores == 0:
        raise UserError("--cores 0: no job can run; say 1 or more, or all")
    for folder in (root, root / ".snakemake", root / LOCK.parent):
        if folder.exists() and not os.access(folder, os.W_OK):
            raise UserError(f"{folder.resolve()}: cannot be written to; allow it, or copy the project elsewhere")


def turn(root: Path) -> IO[str] | None:
    """The open lock of the project, which ends with this process; wait for it where another engine has it.

    None, and a line on standard error, where the file system has no locks.
    """
    path = root / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"recount: another snakemake{_holder(lock)} is at work in this folder; waiting for it", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        print(f"recount: {path}: no lock ({error.strerror}); call one snakemake at a time here", file=sys.stderr)
        lock.close()
        return None
    lock.truncate(0)
    lock.write(f"{os.getpid()} on {os.uname().nodename}\n")
    lock.flush()
    return lock


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    words = lock.read(200).split()
    return f" (process {' '.join(words)})" if words else ""


def trained(run: "Run") -> Files:
    return tuple(f"{run.trained}/{name}" for name in TRAINING) if run.trains else ()


def evaluated(run: "Run") -> Files:
    return tuple(f"{run.path}/{name}" for name in (EVALUATION if run.trains else SCORE))


@functools.cache
def there(files: Files) -> bool:
    """Whether all files of a step are there, looked up once a process."""
    return all(map(os.path.exists, files))


def inputs(own: Files, read: Iterable[Files], leave: bool = False) -> list[str]:
    """What a step waits for of what others leave: the last file of each.

    Not the others: Snakemake sets the times of what a step leaves, one after the other, and refuses what is older than
    what it read. Weights have two names, one read and one left.

    leave: where the step's own files are there, it does not wait for what would have to be made.
    """
    done = leave and there(own)
    return [files[-1] for files in read if (_past(files[-1]) if there(files) else not done)]


def _out_of_the_future(path: str) -> None:
    """Give a file of a later time than now this one: what reads an exhibit must wait for it where it is made again."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_mtime > time.time():  # noqa: PTH116
            os.utime(path)


@functools.cache
def _past(path: str) -> bool:
    """Snakemake refuses what is older than what it read, and a copied project may have files from the future."""
    return os.stat(path).st_mtime <= time.time()  # noqa: PTH116
