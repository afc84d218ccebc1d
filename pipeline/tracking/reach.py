"""Whether a store answers, found out quickly, and remembered for all jobs of a call where it does not."""

import contextlib
import hashlib
import http.client
import importlib.util
import logging
import os
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import redacted

PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
CALL = "RECOUNT_CALL"
"""The variable in which the Snakefile names its call, for all jobs of it."""
log = logging.getLogger("recount.tracking")
_given_up: set[str] = set()
"""What this process no longer tries: each a mark."""


class UnreachableError(Exception):
    """The store cannot be used; the message is one line without credentials."""

    def __init__(self, message: str) -> None:
        super().__init__(redacted(message))


def line(error: BaseException) -> str:
    """An error's message on one line, without credentials."""
    text = redacted(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."


def check(uri: str, seconds: float) -> None:
    """Fail fast where nothing answers: MLflow would try for minutes. Costs no import of MLflow."""
    if importlib.util.find_spec("mlflow") is None:
        raise UnreachableError("mlflow is not installed")
    try:
        parts = urlsplit(uri)
        if parts.scheme in ("http", "https"):
            _ask(uri, seconds)
        elif parts.hostname and (port := parts.port or PORTS.get(parts.scheme.split("+")[0])):
            socket.create_connection((parts.hostname, port), timeout=seconds).close()
    except OSError as error:
        raise UnreachableError(line(getattr(error, "reason", error))) from None
    except (ValueError, http.client.HTTPException):  # whose messages repeat parts of it
        raise UnreachableError("no address; letters such as / and @ in a password are spelled %2F and %40") from None


def _ask(uri: str, seconds: float) -> None:
    """Whether a server answers at all. A connection alone says little: one that hangs takes it and is silent."""
    parts = urlsplit(uri)
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=parts.path.rstrip("/") + "/health").geturl()
    context = ssl.create_default_context()
    # nothing secret is asked; whether to trust the server is for MLflow to decide
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(urllib.error.HTTPError):  # an answer too
        urllib.request.urlopen(url, timeout=seconds, context=context).close()


def given_up(root: Path, uri: str) -> bool:
    """Whether this process, or another job of the same call, has given the store up."""
    mark = _mark(uri)
    return mark in _given_up or (CALL in os.environ and (_folder(root) / mark).exists())


def give_up(root: Path, uri: str, error: Exception) -> None:
    """No longer try the store, in this process and in the jobs of this call; said once."""
    mark = _mark(uri)
    said = mark in _given_up
    _given_up.add(mark)
    if CALL in os.environ:
        with contextlib.suppress(OSError):
            said = not _left(_folder(root), mark) or said
    if not said:
        log.warning("not tracked in %s: %s; `python -m pipeline track` sends it later", redacted(uri), line(error))


def try_again(uri: str) -> None:
    """Forget in this process that the store was given up."""
    _given_up.discard(_mark(uri))


def _left(folder: Path, mark: str) -> bool:
    """Leave a mark for other jobs, in place of earlier calls'; False where it is there already."""
    folder.mkdir(exist_ok=True)
    try:
        (folder / mark).touch(exist_ok=False)
    except FileExistsError:
        return False
    for other in folder.glob("unreachable-*"):
        if other.name != mark:
            other.unlink(missing_ok=True)
    return True


def _mark(uri: str) -> str:
    return f"unreachable-{hashlib.sha256(f'{os.environ.get(CALL)} {uri}'.encode()).hexdigest()[:16]}"


def _folder(root: Path) -> Path:
    return Path(root) / ".recount"
