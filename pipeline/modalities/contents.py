"""What a folder's files hold, by digest, without reading again those about which nothing has changed."""

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline import files
from pipeline.errors import UserError

SETTLED = 2.0
"""Seconds after which a file that is changed again shows another time: some file systems keep no finer ones."""
MANY = 1000
"""Files that take long enough to read to say so."""


def digest(top: Path, paths: Sequence[str], memory: Path) -> str:
    """ "sha256:..." of the names below `top` and the contents of files; the same wherever the folder lies.

    memory: a file that remembers the digest of every file beside its size, times and inode. What is not as it was then
    is read; what was changed a moment ago is read again the next time.

    Raises UserError for a file that cannot be read.
    """
    known = _remembered(memory)
    now, below = time.time() - SETTLED, len(os.path.join(top, ""))  # noqa: PTH118
    found, lines, unread = {}, [], []
    try:
        for path in paths:
            about = os.stat(path)  # noqa: PTH116 (at a hundred thousand files a Path each costs as much again)
            state = f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}"
            held, _, content = known.get(path, "").rpartition(" ")
            if held != state:
                unread.append(path)
                if len(unread) == MANY:
                    print(f"{top}: reading its {len(paths):,} files once, to know them again", file=sys.stderr)
                content = files.sha256(path)
            if max(about.st_mtime, about.st_ctime) < now:
                found[path] = f"{state} {content}"
            lines.append(os.fsencode(path[below:]) + f"\0{content}".encode())
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror}); mend or delete it") from None
    if found != known:
        with suppress(OSError):  # a project that cannot be written to is planned all the same
            files.write_sealed(memory, {"digests": found})
    return "sha256:" + hashlib.sha256(b"\n".join(lines)).hexdigest()


def _remembered(memory: Path) -> dict[str, str]:
    """File -> its size, times and inode, and its digest; nothing where that is not to be had."""
    with suppress(OSError, UserError):
        digests: dict[str, str] = files.read_sealed(memory)["digests"]
        return digests
    return {}
