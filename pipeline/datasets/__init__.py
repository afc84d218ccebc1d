"""Data sets by folder: a module here that defines `arrays(root)` is a data set, and its file name is the key.

A module also has `DATASET`, its description, or `describe(root)` where that depends on files. Nothing heavier than
the standard library is imported until arrays are made or read, since the plan reads descriptions.
"""

import functools
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipeline import files
from pipeline.errors import UserError, unknown

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before its files are read."""

    key: str
    title: str
    source: str
    """Where it comes from, a URL where there is one."""
    licence: str
    shape: tuple[int, int, int]
    """(C, H, W) of one image."""
    classes: tuple[str, ...]
    train_examples: int
    test_examples: int
    pins: Mapping[str, str]
    """Source file -> "sha256:..." or "md5:..." of its bytes."""


@dataclass(frozen=True)
class Prepared:
    """A prepared data set in memory, verified against its manifest."""

    key: str
    train_images: "Tensor"
    """(N, C, H, W) uint8."""
    train_labels: "Tensor"
    """(N,) int64 in 0..K-1."""
    test_images: "Tensor"
    test_labels: "Tensor"
    mean: tuple[float, ...]
    """Per channel, of the training images over 255."""
    std: tuple[float, ...]
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    digest: str
    """sha256 over the four arrays' sha256."""


@functools.cache
def known() -> list[str]:
    """The keys of all data sets, sorted."""
    found = Path(__file__).parent.glob("[!_]*.py")
    return sorted(path.stem for path in found if "\ndef arrays(" in path.read_text())


def _module(key: str) -> ModuleType:
    if key not in known():
        raise unknown("data set", key, known())
    return importlib.import_module(f"{__name__}.{key}")


def describe(key: str, root: Path = Path()) -> Dataset:
    """A data set's description. Raises UserError for an unknown key, with the nearest known one."""
    module = _module(key)
    return module.describe(root) if hasattr(module, "describe") else module.DATASET


def recipe(key: str, root: Path = Path()) -> dict[str, Any]:
    """What, beside the module's code, determines the prepared arrays. JSON-able."""
    about = describe(key, root)
    return {
        "key": about.key,
        "shape": list(about.shape),
        "classes": list(about.classes),
        "train_examples": about.train_examples,
        "test_examples": about.test_examples,
        "pins": dict(about.pins),
    }


def folder(key: str, root: Path = Path()) -> Path:
    return Path(root) / "data" / "prepared" / key


def prepare(key: str, root: Path = Path()) -> Path:
    """Write data/prepared/<key>/ and return it. The same source gives the same bytes.

    All arrays are made and checked before anything is written, each file is written whole, and the manifest comes
    last: a folder without one is not a data set. Raises UserError where a source file is missing, wrong or cannot
    be had.
    """
    import numpy as np

    about = describe(key, root)
    arrays: dict[str, np.ndarray] = _module(key).arrays(Path(root))
    _check(about, arrays)
    mean, std = _moments(about, arrays["train_images"])
    target = folder(key, root)
    manifest = target / "manifest.json"
    entries: dict[str, dict[str, Any]] = {}
    content: dict[str, Any] = {
        "key": about.key,
        "source": about.source,
        "licence": about.licence,
        "classes": list(about.classes),
        "shape": list(about.shape),
        "splits": {"train": about.train_examples, "test": about.test_examples},
        "mean": mean,
        "std": std,
    }
    for name in ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        with files.whole(target / f"{name}.npy") as temporary:
            np.save(temporary, array, allow_pickle=False)
            digest = files.sha256(temporary)
            if not entries and not _agrees(manifest, f"{name}.npy", digest):
                manifest.unlink(missing_ok=True)  # it describes other arrays than those now being written
        entries[f"{name}.npy"] = {"sha256": digest, "shape": list(array.shape), "dtype": str(array.dtype)}
    files.write_json(manifest, {**content, "files": entries})
    return target


def _agrees(manifest: Path, name: str, digest: str) -> bool:
    try:
        return json.loads(manifest.read_text())["files"][name]["sha256"] == digest
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check(about: Dataset, arrays: Mapping[str, "np.ndarray"]) -> None:
    expected: dict[str, tuple[tuple[int, ...], str]] = {}
    for split, count in (("train", about.train_examples), ("test", about.test_examples)):
        expected[f"{split}_images"] = ((count, *about.shape), "uint8")
        expected[f"{split}_labels"] = ((count,), "int64")
    for name, (shape, kind) in expected.items():
        array = arrays[name]
        if array.shape != shape or str(array.dtype) != kind:
            raise UserError(
                f"data set '{about.key}': {name} has shape {array.shape} and type {array.dtype}, expected {shape} "
                f"and {kind}; its source files are not those that the data set's module describes"
            )
        if kind == "int64" and count_outside(array, len(about.classes)):
            raise UserError(
                f"data set '{about.key}': {name} reach from {array.min()} to {array.max()}, "
                f"expected classes 0 to {len(about.classes) - 1}"
            )


def count_outside(labels: "np.ndarray", classes: int) -> int:
    """How many labels are not in 0..classes-1."""
    return int(((labels < 0) | (labels >= classes)).sum())


def _moments(about: Dataset, images: "np.ndarray") -> tuple[list[float], list[float]]:
    """Per-channel mean and standard deviation in [0, 1], from counts of grey levels.

    Integer counts make the result independent of the order of summation, hence of the machine.
    """
    import numpy as np

    means, deviations = [], []
    for channel in range(about.shape[0]):
        counts = [int(n) for n in np.bincount(images[:, channel].ravel(), minlength=256)]
        total = sum(counts)
        first = sum(level * n for level, n in enumerate(counts))
        second = sum(level * level * n for level, n in enumerate(counts))
        variance = (second * total - first * first) / total**2
        if not variance:
            raise UserError(f"data set '{about.key}': channel {channel} of the training images is constant")
        means.append(first / total / 255)
        deviations.append(variance**0.5 / 255)
    return means, deviations


def load(key: str, root: Path = Path()) -> Prepared:
    """Read data/prepared/<key>/, verifying every file's sha256, shape and type against the manifest.

    Raises UserError naming the file, what was expected, what was found and what to do.
    """
    import numpy as np
    import torch

    place = folder(key, root)
    mend = f"delete {place} and run `python -m pipeline prepare {key}`"
    path = place / "manifest.json"
    if not path.is_file():
        raise UserError(f"{path}: missing; run `python -m pipeline prepare {key}`")
    manifest = files.read_json(path)
    tensors: dict[str, Tensor] = {}
    try:
        classes, shape = tuple(manifest["classes"]), tuple(manifest["shape"])
        mean, std = tuple(manifest["mean"]), tuple(manifest["std"])
        entries = {name: dict(manifest["files"][f"{name}.npy"]) for name in ARRAYS}
        splits = {split: int(manifest["splits"][split]) for split in ("train", "test")}
        digests = {name: str(entry["sha256"]) for name, entry in entries.items()}
        expected = {name: (tuple(entry["shape"]), entry["dtype"]) for name, entry in entries.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not a data set's manifest ({type(error).__name__}: {error}); {mend}") from None
    for name in ARRAYS:
        path = place / f"{name}.npy"
        if not path.is_file():
            raise UserError(f"{path}: missing; {mend}")
        found = files.sha256(path)
        if found != digests[name]:
            raise UserError(f"{path}: sha256 {found}, expected {digests[name]}; {mend}")
        try:
            array = np.load(path, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise UserError(f"{path}: not an array ({error}); {mend}") from None
        tail = shape if name.endswith("images") else ()
        wanted = (splits[name.split("_")[0]], *tail), "int64" if name.endswith("labels") else "uint8"
        if (array.shape, str(array.dtype)) != expected[name] or expected[name] != wanted:
            raise UserError(
                f"{path}: shape {array.shape} of {array.dtype}, expected {wanted[0]} of {wanted[1]}; {mend}"
            )
        if name.endswith("labels") and count_outside(array, len(classes)):
            raise UserError(f"{path}: labels outside 0 to {len(classes) - 1}; {mend}")
        tensors[name] = torch.from_numpy(array)
    return Prepared(key, **tensors, mean=mean, std=std, classes=classes, shape=shape, digest=files.digest(digests))
