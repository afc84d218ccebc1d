"""Files are written whole or not at all, and the last file of a set vouches for itself and for the others.

Whole: a temporary name in the same folder, then a rename. Sealed: a JSON object that has, under `seal`, the sha256 of
its own bytes with the seal left empty, and under `files` the sha256 of each file that was written before it. What was
changed, cut or exchanged since is noticed by whoever reads it, in one line.
"""

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.errors import UserError


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The temporary name keeps the suffix, since libraries choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=f".tmp{path.suffix}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def written(folder: str | Path, pattern: str) -> list[Path]:
    """The folder's files of that pattern in order, without those that are being written."""
    return sorted(path for path in Path(folder).glob(pattern) if not path.name.startswith("."))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_bytes(path: str | Path, content: bytes) -> None:
    with whole(path) as temporary:
        temporary.write_bytes(content)


def write_array(path: str | Path, array: Any) -> None:
    """An array as .npy. numpy is given the stream's `write` alone: its own way of writing hides why it failed."""
    import numpy as np

    with whole(path) as temporary, temporary.open("wb") as stream:
        np.save(SimpleNamespace(write=stream.write), array, allow_pickle=False)


def write_text(path: str | Path, content: str) -> None:
    write_bytes(path, content.encode())


def link(source: Path, target: Path) -> None:
    """Give a file a second name, in place of whatever has it; a copy where the file system knows no such names."""
    with whole(target) as temporary:
        temporary.unlink()
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, temporary)


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no spaces, NaN refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """sha256 of a JSON value's canonical spelling."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def write_json(path: str | Path, value: Any) -> None:
    write_text(path, indented(value))


def indented(value: Any) -> str:
    """JSON for reading: sorted keys, a line a value, NaN refused."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def matching(folder: Path, pattern: str) -> list[Path]:
    """What `folder.glob(pattern)` finds, sorted; a folder that may not be read is an OSError and not an empty one."""
    first, _, rest = pattern.partition("/")
    try:
        with os.scandir(folder) as entries:
            found = [folder / name for name in sorted(fnmatch.filter([entry.name for entry in entries], first))]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for each in found for path in matching(each, rest)] if rest else found


def sha256(path: str | Path) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_MARK = b'\n "seal": "'
"""Where the seal stands: a key of the object itself, which text within it cannot spell."""
REMEDY = "delete {folder}, then `snakemake --cores all` makes it"
"""What to do about a file that is not as it was written; `{folder}` is its sealed file's."""


def write_sealed(path: str | Path, record: Mapping[str, Any], parts: Iterable[str | Path] = ()) -> dict[str, Any]:
    """Write a JSON object that vouches for itself and for `parts`, files that are there already; what was written.

    It gets two keys: `files`, where there are parts, of their names relative to its folder, each with its `sha256`;
    and `seal`.
    """
    path = Path(path)
    found = {os.path.relpath(part, path.parent): {"sha256": sha256(part)} for part in parts}
    content = {**record, **({"files": found} if found else {}), "seal": ""}
    head, mark, tail = indented(content).encode().partition(_MARK)
    content["seal"] = hashlib.sha256(head + mark + tail).hexdigest()
    write_bytes(path, head + mark + content["seal"].encode() + tail)
    return content


def read_sealed(path: str | Path, identity: str | None = None, remedy: str = REMEDY) -> dict[str, Any]:
    """What `write_sealed` wrote. Raises UserError where it is missing or not as it was written.

    identity: what its `id` must be, else it is refused as another's.
    """
    try:
        # the built-in open: at ten thousand files a Path per file costs as much as parsing them
        with open(path, "rb") as stream:  # noqa: PTH123
            content = stream.read()
    except FileNotFoundError:
        raise UserError(f"{path}: missing; `snakemake --cores all` makes it") from None
    head, mark, tail = content.partition(_MARK)
    if tail[:64] != hashlib.sha256(head + mark + tail[64:]).hexdigest().encode():
        raise _changed(path, path, remedy)
    record: dict[str, Any] = json.loads(content)
    if identity is not None and record.get("id") != identity:
        mend = remedy.format(folder=Path(path).parent)
        raise UserError(f"{path}: id '{record.get('id')}' is not the planned '{identity}'; {mend}")
    return record


def part(
    sealed: str | Path,
    record: Mapping[str, Any],
    name: str,
    remedy: str = REMEDY,
    digest: Callable[[Path], str] = sha256,
) -> Path:
    """A file that the sealed one vouches for, by its name in `files`. Raises UserError where it is not as it was."""
    path = Path(os.path.normpath(Path(sealed).parent / name))
    try:
        found = digest(path)
    except FileNotFoundError:
        raise UserError(f"{path}: missing; {remedy.format(folder=Path(sealed).parent)}") from None
    if found != record.get("files", {}).get(name, {}).get("sha256"):
        raise _changed(path, sealed, remedy)
    return path


def _changed(path: str | Path, sealed: str | Path, remedy: str) -> UserError:
    return UserError(f"{path}: changed since it was written; {remedy.format(folder=Path(sealed).parent)}")


def sound(path: str | Path, identity: str) -> bool:
    """Whether a sealed file with this id is there and, like all that it vouches for, as it was written."""
    try:
        record = read_sealed(path, identity)
        return all(part(path, record, name) for name in record.get("files", {}))
    except UserError:
        return False


@contextlib.contextmanager
def turn(path: str | Path) -> Iterator[None]:
    """Hold a lock that ends with its process, and wait for it where another process has it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
