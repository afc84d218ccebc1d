"""Kinds of data, a folder each, and the data sets in them: `pipeline/modalities/<modality>/datasets/<key>.py`.

A module there that defines `arrays(root)` is a data set, and its file name is the key. It also has `DATASET`, its
description, or `describe(root)` where that depends on files. Nothing heavier than the standard library is imported
until arrays are made or read, since the plan reads descriptions.

A modality is a package with

- `NOUN`, what its inputs are called in file names and tables (`images`), and `DTYPE`, the type they are stored in;
- `Augmentation`, the schema of what a study may say of views;
- `moments`, a module with `moments(inputs)`, the mean and deviation per channel or column of training inputs;
- `run`, the half that needs torch: `share`, `Views`, `encoder(name, shape)` and the folder `encoders/`.

Files are read and written here, whatever is in them.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipeline import files, lookup
from pipeline.errors import UserError, unknown

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

FOLDER = Path(__file__).parent
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before its files are read."""

    key: str
    title: str
    source: str
    """Where it comes from, a URL where there is one."""
    licence: str
    shape: tuple[int, ...]
    """Of one input: (C, H, W) of an image, (F,) of a table's row."""
    classes: tuple[str, ...]
    """Empty where labels are numbers."""
    train_examples: int
    test_examples: int
    pins: Mapping[str, str]
    """Source file -> "sha256:..." or "md5:..." of its bytes."""
    target: str = ""
    """What labels that are numbers measure, with their unit."""

    @property
    def label_type(self) -> str:
        return "int64" if self.classes else "float32"


@dataclass(frozen=True)
class Prepared:
    """A prepared data set in memory, verified against its manifest."""

    key: str
    train_inputs: "Tensor"
    """(N, *shape) in the modality's type."""
    train_labels: "Tensor"
    """(N,) int64 in 0..K-1, or float32 where labels are numbers."""
    test_inputs: "Tensor"
    test_labels: "Tensor"
    mean: tuple[float, ...]
    """Per channel or column, of the training inputs."""
    std: tuple[float, ...]
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    digest: str
    """sha256 over the four arrays' sha256."""


@functools.cache
def _modalities() -> dict[str, str]:
    """Data set -> modality. Two files with one key are an error."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*/datasets/[!_]*.py")):
        if not re.search(r"^def arrays\(", path.read_text(), re.MULTILINE):
            continue
        modality = path.parts[-3]
        if path.stem in found:
            raise UserError(
                f"two data sets have the key '{path.stem}', in {found[path.stem]} and {modality}; rename one file"
            )
        found[path.stem] = modality
    return found


def known() -> list[str]:
    """The keys of all data sets, sorted."""
    return sorted(_modalities())


def name_of(key: str, where: str = "") -> str:
    """The modality of a data set, by name. Raises UserError for an unknown data set, with the nearest known one."""
    if key not in _modalities():
        raise unknown("data set", key, known(), where)
    return _modalities()[key]


def package(name: str) -> ModuleType:
    """A modality's half that needs no torch."""
    return lookup.module(f"modalities.{name}")


def of(key: str) -> ModuleType:
    """The modality of a data set."""
    return package(name_of(key))


def module(key: str) -> str:
    """The name of a data set's module."""
    return f"pipeline.modalities.{name_of(key)}.datasets.{key}"


def _module(key: str) -> ModuleType:
    return lookup.module(module(key).removeprefix("pipeline."))


def describe(key: str, root: Path = Path()) -> Dataset:
    """A data set's description. Raises UserError for an unknown key, with the nearest known one."""
    made = _module(key)
    about: Dataset = made.describe(root) if hasattr(made, "describe") else made.DATASET
    return about


def recipe(key: str, root: Path = Path()) -> dict[str, Any]:
    """What, beside the module's code, determines the prepared arrays. JSON-able."""
    about = describe(key, root)
    return {
        "key": about.key,
        "type": of(key).DTYPE,
        "shape": list(about.shape),
        "classes": list(about.classes),
        "train_examples": about.train_examples,
        "test_examples": about.test_examples,
        "pins": dict(about.pins),
    }


def folder(key: str, root: Path = Path()) -> Path:
    return Path(root) / "data" / "prepared" / key


def arrays_of(about: Dataset) -> dict[str, tuple[tuple[int, ...], str]]:
    """File stem -> shape and type of each prepared array."""
    modality = of(about.key)
    counts = {"train": about.train_examples, "test": about.test_examples}
    return {
        f"{split}_{kind}": ((counts[split], *tail), dtype)
        for split in SPLITS
        for kind, tail, dtype in ((modality.NOUN, about.shape, modality.DTYPE), ("labels", (), about.label_type))
    }


def prepare(key: str, root: Path = Path()) -> Path:
    """Write data/prepared/<key>/ and return it. The same source gives the same bytes.

    All arrays are made and checked before anything is written, each file is written whole, and the manifest comes
    last: a folder without one is not a data set. Raises UserError where a source file is missing, wrong or cannot
    be had.
    """
    import numpy as np

    about = describe(key, root)
    arrays: dict[str, np.ndarray] = _module(key).arrays(Path(root))
    expected = arrays_of(about)
    for name, (shape, kind) in expected.items():
        _check(about, name, arrays[name], shape, kind)
    modality = of(key)
    try:
        mean, std = lookup.module(f"modalities.{name_of(key)}.moments").moments(arrays[f"train_{modality.NOUN}"])
    except ValueError as error:
        raise UserError(f"data set '{key}': {error}") from None
    target = folder(key, root)
    manifest = target / "manifest.json"
    entries: dict[str, dict[str, Any]] = {}
    content: dict[str, Any] = {
        "key": about.key,
        "source": about.source,
        "licence": about.licence,
        "classes": list(about.classes),
        "shape": list(about.shape),
        "noun": modality.NOUN,
        "target": about.target,
        "splits": {"train": about.train_examples, "test": about.test_examples},
        "mean": mean,
        "std": std,
    }
    for name in expected:
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


def _check(about: Dataset, name: str, array: "np.ndarray", shape: tuple[int, ...], kind: str) -> None:
    import numpy as np

    if array.shape != shape or str(array.dtype) != kind:
        raise UserError(
            f"data set '{about.key}': {name} has shape {array.shape} and type {array.dtype}, expected {shape} "
            f"and {kind}; its source files are not those that the data set's module describes"
        )
    if name.endswith("labels") and about.classes and count_outside(array, len(about.classes)):
        raise UserError(
            f"data set '{about.key}': {name} reach from {array.min()} to {array.max()}, "
            f"expected classes 0 to {len(about.classes) - 1}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(f"data set '{about.key}': {name} has values that are not finite")


def count_outside(labels: "np.ndarray", classes: int) -> int:
    """How many labels are not in 0..classes-1."""
    return int(((labels < 0) | (labels >= classes)).sum())


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
    about = describe(key, root)
    expected = arrays_of(about)
    try:
        classes, shape = tuple(manifest["classes"]), tuple(manifest["shape"])
        mean, std = tuple(manifest["mean"]), tuple(manifest["std"])
        digests = {name: str(manifest["files"][f"{name}.npy"]["sha256"]) for name in expected}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not a data set's manifest ({type(error).__name__}: {error}); {mend}") from None
    if shape != about.shape or len(classes) != len(about.classes):
        raise UserError(
            f"{path}: shape {shape} and {len(classes)} classes, expected {about.shape} and {len(about.classes)}; {mend}"
        )
    tensors: list[Tensor] = []
    for name, wanted in expected.items():
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
        if (array.shape, str(array.dtype)) != wanted:
            raise UserError(
                f"{path}: shape {array.shape} of {array.dtype}, expected {wanted[0]} of {wanted[1]}; {mend}"
            )
        if name.endswith("labels") and classes and count_outside(array, len(classes)):
            raise UserError(f"{path}: labels outside 0 to {len(classes) - 1}; {mend}")
        tensors.append(torch.from_numpy(array))
    train, test = tensors[:2], tensors[2:]
    return Prepared(key, train[0], train[1], test[0], test[1], mean, std, classes, shape, digest=files.digest(digests))
