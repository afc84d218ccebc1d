"""Source files of data sets: pinned by digest, downloaded whole or not at all, parsed without pickle."""

import errno
import gzip
import hashlib
import http.client
import math
import socket
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import files
from pipeline.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from pipeline.modalities import Dataset

IDX = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
TIMEOUT = 30.0
"""Seconds without an answer after which a download counts as failed."""
OWN = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT)
"""Faults of this machine's disk, for which no other address is a remedy."""


def verify(content: bytes | Path, pin: str, where: str | Path, mend: str) -> None:
    """Raise UserError unless the content's digest is the pinned one ("sha256:..." or "md5:...")."""
    kind, expected = pin.split(":")
    if isinstance(content, Path):
        with content.open("rb") as stream:
            found = hashlib.file_digest(stream, kind).hexdigest()
    else:
        found = hashlib.new(kind, content).hexdigest()
    if found != expected:
        raise UserError(f"{where}: {kind} {found}, expected {expected}; {mend}")


def gunzip(path: Path, mend: str) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: missing; {mend}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({error}); {mend}") from None


def idx(payload: bytes, where: str | Path, mend: str) -> "np.ndarray":
    """An idx file of unsigned bytes (the MNIST format): images (N, 1, H, W) uint8 or labels (N,) int64."""
    import numpy as np

    dimensions = payload[3] if len(payload) > 3 else 0
    if payload[:3] != b"\0\0\x08" or dimensions not in (1, 3) or len(payload) < 4 + 4 * dimensions:
        raise UserError(f"{where}: header {payload[:4]!r} is not that of an idx file of bytes; {mend}")
    shape = struct.unpack(f">{dimensions}I", payload[4 : 4 + 4 * dimensions])
    found, expected = len(payload) - 4 - 4 * dimensions, math.prod(shape)
    if found != expected:
        raise UserError(f"{where}: {found} bytes of data, expected {expected} for shape {shape}; {mend}")
    array = np.frombuffer(payload, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    return array[:, None] if dimensions == 3 else array.astype(np.int64)


def download(key: str, path: Path, pin: str, urls: Callable[[], Sequence[str]]) -> Path:
    """The pinned file at `path`, fetched from the first of `urls()` that has it where it is not there yet.

    Raises UserError where the file there is another one, or where none of the addresses gives the right one; OSError
    where it cannot be written.
    """
    again = f"put the right file there, or delete it and run `python -m pipeline prepare {key}` to download it"
    if path.exists():
        verify(path, pin, path, again)
        return path
    from pipeline.modalities.images.vision import torchvision

    torchvision()
    from torchvision.datasets.utils import download_url

    tried = []
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        for url in urls():
            try:
                with files.whole(path) as temporary:
                    temporary.unlink()  # a file that is there already is not downloaded
                    download_url(url, temporary.parent, temporary.name)
                    verify(temporary, pin, url, "the address serves another file")
                return path
            except (OSError, RuntimeError, http.client.HTTPException, UserError) as error:
                if getattr(error, "errno", None) in OWN:
                    raise
                tried.append(f"{url} ({error})")
    finally:
        socket.setdefaulttimeout(before)
    raise UserError(
        f"data set '{key}': no download; tried {', '.join(tried)}; get {path.name} ({pin}) elsewhere, put it at "
        f"{path} and run `python -m pipeline prepare {key}`"
    )


def mnist_like(about: "Dataset", root: Path, name: str) -> "dict[str, np.ndarray]":
    """The four idx files of torchvision's class `name`, in the folder where torchvision keeps them."""
    from pipeline.modalities.images.vision import torchvision

    out = {}
    for array, stem in IDX.items():
        path = root / "data/downloads" / name / "raw" / f"{stem}.gz"
        mirrors = lambda file=path.name: [m + file for m in getattr(torchvision().datasets, name).mirrors]  # noqa: E731
        download(about.key, path, about.pins[path.name], mirrors)
        mend = f"delete it and run `python -m pipeline prepare {about.key}`"
        out[array] = idx(gunzip(path, mend), path, mend)
    return out


def members(path: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Files of a .tar.gz archive, read in one pass without extracting anything to disk."""
    wanted = set(names)
    out = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for entry in archive:
                stream = archive.extractfile(entry) if entry.name in wanted else None
                if stream is not None:
                    out[entry.name] = stream.read()
                if len(out) == len(wanted):
                    break
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole .tar.gz archive ({error}); delete it and prepare again") from None
    if missing := sorted(wanted - set(out)):
        raise UserError(f"{path}: has no {missing[0]}; delete it and prepare again")
    return out


def records(content: bytes, labels: int, image: tuple[int, ...], where: str) -> "tuple[np.ndarray, np.ndarray]":
    """CIFAR's binary format: per example `labels` bytes, then the image; the last label byte is the class."""
    import numpy as np

    size = labels + math.prod(image)
    if len(content) % size:
        raise UserError(f"{where}: {len(content)} bytes, expected a multiple of {size}; delete it and prepare again")
    table = np.frombuffer(content, np.uint8).reshape(-1, size)
    return table[:, labels:].reshape(-1, *image), table[:, labels - 1].astype(np.int64)
