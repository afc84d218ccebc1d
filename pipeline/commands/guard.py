"""What ends a command in one line: bad input, what the machine refuses, an interruption."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from types import TracebackType

from pipeline.errors import UserError, redacted

INTERRUPTED, NOBODY_READS = 130, 141
"""Exit codes: those of a shell for a process that SIGINT or SIGPIPE has ended."""
ADVICE = {
    errno.ENOSPC: "free some and run again, nothing was lost",
    errno.EDQUOT: "free some and run again, nothing was lost",
    errno.EFBIG: "raise the limit (`ulimit -f`) and run again, nothing was lost",
    errno.EMFILE: "raise the limit (`ulimit -n`) and run again",
    errno.EACCES: "allow it (`ls -l` shows to whom it belongs) and run again",
    errno.EPERM: "allow it (`ls -l` shows to whom it belongs) and run again",
    errno.EROFS: "the project's folder must be one that can be written to",
    errno.EISDIR: "there must be a file of that name or none; move the folder away",
    errno.ENOTDIR: "a file stands where a folder must be; move it away",
    errno.EEXIST: "something else stands where a folder must be; move it away",
}
MEMORY = "out of memory; free some, or run fewer jobs at once (`snakemake --cores 1`)"


def guarded(call: Callable[[], int | None]) -> int:
    """Call; the exit code. What a person can mend becomes one line on standard error and exit code 2.

    A programming error goes through, traceback and all.
    """
    with contextlib.suppress(AttributeError):  # a terminal without letters for a name shows them escaped
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = call() or 0
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return NOBODY_READS
    except (UserError, OSError, MemoryError, RuntimeError) as error:
        message = explained(error)
        if not message:
            raise
    _abandon_output()
    with contextlib.suppress(OSError):
        print(f"recount: {redacted(' '.join(message.split()))}", file=sys.stderr, flush=True)
    return 2


def explained(error: BaseException) -> str:
    """What happened and what to do about it; empty for a programming error."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error):
        return MEMORY
    if not isinstance(error, OSError):
        return ""
    where = os.fsdecode(error.filename2 or error.filename or "") if error.errno else ""
    said = (error.strerror or "").lower() if error.errno else str(error)
    advice = ADVICE.get(error.errno or 0, "")
    return f"{where + ': ' if where else ''}{said}{'; ' + advice if advice else ''}"


def _abandon_output() -> None:
    """Leave no text behind that the interpreter would try in vain to write when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write what nobody expected to standard error, without credentials."""
    import traceback

    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))
