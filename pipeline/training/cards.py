"""The graphics cards of this machine, and who may use them.

Without torch: CUDA reads its environment once, when it starts, and the engine counts cards before any job runs. A card
has slots, each a lock file that is free again when the process that holds it ends, however it ends. A job takes the
lowest free slot of any card, so that cards fill evenly, and `alone` takes all slots of its card.
"""

import contextlib
import fcntl
import importlib.util
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

VISIBLE = "CUDA_VISIBLE_DEVICES"
FOLDER = Path(".recount/cards")
SLOTS = 16
SECONDS = 1.0
"""Between looks for a free slot."""

_held: dict[str, list[IO[str]]] = {}
"""This process's card, if it has one, and its locks."""


def found(system: Path = Path("/")) -> list[str]:
    """The cards that this process may use, as CUDA_VISIBLE_DEVICES names them; none where torch has no CUDA."""
    if not _torch_has_cuda():
        return []
    if (told := os.environ.get(VISIBLE)) is not None:
        names = [name.strip() for name in told.split(",")]
        ends = (place for place, name in enumerate(names) if name in ("", "-1"))  # where CUDA stops to read
        return names[: next(ends, len(names))]
    cards = list(system.glob("proc/driver/nvidia/gpus/*")) or list(system.glob("dev/nvidia[0-9]*"))
    cards = cards or list(system.glob("dev/dxg"))  # of a Windows machine, seen from its Linux
    return [str(number) for number in range(len(cards))]


def _torch_has_cuda() -> bool:
    torch = importlib.util.find_spec("torch")
    folders = torch.submodule_search_locations if torch else None
    return any((Path(folder) / "lib").glob("libtorch_cuda*") for folder in folders or [])


def take() -> str | None:
    """Give this process a card for as long as it lives, and make it the only one it sees; None where there is none."""
    names = found()
    if not names or _held:
        return next(iter(_held), None)
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        while not _held:
            for slot, name in ((slot, name) for slot in range(SLOTS) for name in names):
                if lock := _locked(name, slot, wait=False):
                    _held[name] = [lock]
                    break
            else:
                time.sleep(SECONDS)
    except OSError:  # no place for locks, or none that has them: cards go unshared
        _held[names[os.getpid() % len(names)]] = []
    os.environ[VISIBLE] = name = next(iter(_held))
    return name


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Have the card to itself: wait until its other users have gone, and keep new ones away."""
    for name, locks in _held.items():
        if locks:
            # the own slot first given back, then all in one order: of two who want this, neither waits for ever
            while locks:
                locks.pop().close()
            locks += [lock for slot in range(SLOTS) if (lock := _locked(name, slot, wait=True))]
    try:
        yield
    finally:
        for locks in _held.values():
            while len(locks) > 1:
                locks.pop().close()


def _locked(name: str, slot: int, wait: bool) -> IO[str] | None:
    """The open lock of a slot; None where another process has it and is not waited for."""
    lock = (FOLDER / f"{os.uname().nodename}-{name.replace(os.sep, '-')}-{slot}.lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        lock.close()
        return None
    return lock
