"""What lies in runs/ and trained/ that the plan does not ask for, and what killed calls left half written."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.commands import stages

TREES, DEPTH = ("runs", "trained"), 3
"""Where run folders are, and how deep: study, method, variant with seed and id."""
WRITTEN = ("results", "data")
"""Where files lie that nobody holds a lock for."""
LEFT_SECONDS = 3600.0
"""A half-written file that nothing was added to for so long is a killed call's."""

Inode = tuple[int, int, int, int]
"""Device, number, names and bytes of a file."""


@dataclass
class Pruned:
    """What was found, a line each, and the files of what is deleted or would be."""

    lines: list[str] = field(default_factory=list)
    seen: Counter[Inode] = field(default_factory=Counter)

    @property
    def bytes(self) -> int:
        """What is free afterwards: a file takes its room until all of its names are gone."""
        return sum(size for (_, _, names, size), count in self.seen.items() if count >= names)

    def add(self, word: str, path: Path, root: Path, files: Counter[Inode]) -> None:
        self.seen += files
        self.lines.append(f"{word} {path.relative_to(root)} ({readable(sum(size for *_, size in files))})")


def prune(planned: set[str], root: Path, delete: bool) -> Pruned:
    """List the run folders that are not in `planned`, and files that killed calls left half written; or delete them.

    A folder where a job is at work is left alone. No link is followed; one in a run folder's place goes as a link.
    """
    found = Pruned()
    word = "deleted" if delete else "stale"
    for path in [path for tree in TREES for path in _places(root / tree, found, root)]:
        if path.relative_to(root).as_posix() in planned:
            continue
        if path.is_symlink():
            found.lines.append(f"{word} {path.relative_to(root)} (a link)")
            if delete:
                path.unlink(missing_ok=True)
        elif stages.at_work(path):
            found.lines.append(f"at work {path.relative_to(root)}")
        else:
            files = Counter(_files(path))
            if not delete or _delete(path):
                found.add(word, path, root, files)
    for path in [path for tree in WRITTEN for path in _half_written(root / tree)]:
        found.add(word, path, root, Counter([_inode(path)]))
        if delete:
            path.unlink(missing_ok=True)
    return found


def _places(tree: Path, found: Pruned, root: Path) -> list[Path]:
    """Folders and links where runs' folders are; a link above them is mentioned and not entered."""
    level = [tree]
    for _ in range(DEPTH):
        links = [path for path in level if path.is_symlink()]
        found.lines += [f"link {path.relative_to(root)}: not followed" for path in links]
        level = [path for folder in level if folder not in links for path in _entries(folder)]
    return sorted(level)


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return [path for path in folder.iterdir() if path.is_symlink() or path.is_dir()]
    return []


def _delete(path: Path) -> bool:
    """Delete a run's folder; False where another call does, or a job has come."""
    gone = path
    if not path.name.startswith("."):
        lock = stages.hold(path, wait=False)
        if lock is None:
            return False
        with lock:
            # under another name at once: a job that waits for the folder, or comes now, makes a new one
            gone = path.rename(path.with_name(f".{path.name}.{os.getpid()}.tmp"))
    shutil.rmtree(gone, onerror=_unless_gone)
    for parent in list(path.parents)[: DEPTH - 1]:
        with suppress(OSError):  # others are in it
            parent.rmdir()
    return True


def _unless_gone(_call: Any, _path: str, info: Any) -> None:
    if not isinstance(info[1], FileNotFoundError):  # another call deletes it too
        raise info[1]


def _half_written(tree: Path) -> Iterator[Path]:
    for place, _, names in os.walk(tree):
        for path in [Path(place) / name for name in names if name.startswith(".") and ".tmp" in name]:
            with suppress(FileNotFoundError):
                if time.time() - path.lstat().st_mtime > LEFT_SECONDS:
                    yield path


def _files(folder: Path) -> Iterator[Inode]:
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                yield _inode(Path(place) / name)


def _inode(path: Path) -> Inode:
    about = path.lstat()
    return about.st_dev, about.st_ino, about.st_nlink, about.st_size


def readable(size: float) -> str:
    """Bytes for reading: `3.4 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
