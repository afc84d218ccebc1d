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
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipeline import files, lookup
from pipeline.errors import UserError, unknown
from pipeline.modalities.dataset import Annotated, Dataset, Further, Prepared, PreparedAnnotated

__all__ = ["Annotated", "Dataset", "Further", "Prepared", "PreparedAnnotated"]

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path(__file__).parent
SPLITS = ("train", "test")
MANIFEST, STAMP = "manifest.json", "recipe-"
SHARES = "class by class, in proportion, in an order drawn once for the data set"
"""How `sharing.share` takes a run's training, validation and test examples from the splits."""
KINDS = 5
"""Of files that were skipped, as many kinds are named."""


@functools.cache
def _modalities() -> dict[str, str]:
    """Data set -> modality. Two files with one key are an error."""
    found: dict[str, str] = {}
    for path in lookup.keys(FOLDER.glob("*/datasets/*.py"), "data set"):
        if not re.search(r"^def arrays\(", path.read_text(encoding="utf-8"), re.MULTILINE):
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


def recipe(about: Dataset, code: str = "") -> str:
    """The digest of all that determines a prepared data set; `code` is that of the code that makes the arrays."""
    determines = {
        "key": about.key,
        "source": about.source,
        "licence": about.licence,
        "type": of(about.key).DTYPE,
        "shape": list(about.shape),
        "classes": list(about.classes),
        "target": about.target,
        "train_examples": about.train_examples,
        "test_examples": about.test_examples,
        "pins": dict(about.pins),
        "code": code,
    }
    if further := _further(about):
        determines["further"] = {name: [list(each.shape), each.dtype, each.names] for name, each in further.items()}
    return files.digest(determines)


def _further(about: Dataset) -> Mapping[str, Further]:
    return about.further if isinstance(about, Annotated) else {}


def folder(key: str, root: Path = Path()) -> Path:
    return Path(root) / "data" / "prepared" / key


def stems(key: str) -> list[str]:
    """Of the files of a data set's arrays: inputs and labels of each split, then further ones.

    Only a description that depends on no files tells of further ones.
    """
    further = getattr(getattr(_module(key), "DATASET", None), "further", {})
    return [*(f"{split}_{kind}" for split in SPLITS for kind in (of(key).NOUN, "labels")), *further]


def arrays_of(about: Dataset) -> dict[str, tuple[tuple[int, ...], str]]:
    """File stem -> shape and type of each prepared array."""
    kinds = ((about.shape, of(about.key).DTYPE), ((), about.label_type))
    counts = (about.train_examples, about.test_examples)
    expected = [((count, *tail), dtype) for count in counts for tail, dtype in kinds]
    expected += [(each.shape, each.dtype) for each in _further(about).values()]
    return dict(zip(stems(about.key), expected, strict=True))


def made(key: str, recipe: str) -> list[str]:
    """The files that `prepare` leaves, below the root and in the order in which they are written.

    The last one has the recipe in its name, so that an engine sees a changed recipe as a file that is missing.
    """
    arrays = (f"{stem}.npy" for stem in stems(key))
    return [str(folder(key) / name) for name in (*arrays, MANIFEST, _stamp(recipe))]


def _stamp(recipe: str) -> str:
    return f"{STAMP}{recipe[:8]}"


def prepare(key: str, root: Path = Path(), code: str = "") -> Path:
    """Write data/prepared/<key>/ and return it. The same source gives the same bytes.

    code: the digest of the code that makes the arrays. What was made of today's sources by this code, and is as it was
    written, is left alone.

    All arrays are made and checked before anything is written, each file is written whole, and the manifest comes
    after them: a folder without one is not a data set. Raises UserError where a source file is missing, wrong or
    cannot be had.
    """
    about = describe(key, root)
    wanted, target = recipe(about, code), folder(key, root)
    if not _sound(key, root, wanted):
        arrays = _arrays(about, root)
        content = {**_content(about, arrays), "recipe": wanted}
        for stale in (target / MANIFEST, *target.glob(f"{STAMP}*")):  # of other arrays than those now being written
            stale.unlink(missing_ok=True)
        entries = {}
        for name, array in arrays.items():
            path = target / f"{name}.npy"
            files.write_array(path, array)
            entries[path.name] = {"sha256": files.sha256(path), "shape": list(array.shape), "dtype": str(array.dtype)}
        files.write_sealed(target / MANIFEST, {**content, "files": entries})
    if not (target / _stamp(wanted)).exists():
        files.write_text(target / _stamp(wanted), f"{wanted}\n")
    return target


def _sound(key: str, root: Path, wanted: str) -> bool:
    try:
        return bool(verify(key, root, wanted))
    except UserError:
        return False


def _arrays(about: Dataset, root: Path) -> "dict[str, np.ndarray]":
    """What the data set's module makes, checked against its description."""
    import numpy as np

    made = _module(about.key).arrays(Path(root))
    if describe(about.key, root) != about:
        raise UserError(f"data set '{about.key}': its files changed while they were read; run it again")
    expected = arrays_of(about)
    for name, (shape, kind) in expected.items():
        if name not in made:
            raise UserError(f"data set '{about.key}': arrays() gives no '{name}'; it must give {', '.join(expected)}")
        _check(about, name, made[name], shape, kind)
    return {name: np.ascontiguousarray(made[name]) for name in expected}


def _check(about: Dataset, name: str, array: "np.ndarray", shape: tuple[int, ...], kind: str) -> None:
    import numpy as np

    where = f"data set '{about.key}': {name}"
    found = (getattr(array, "shape", "none"), str(getattr(array, "dtype", type(array).__name__)))
    if found != (shape, kind):
        raise UserError(
            f"{where} has shape {found[0]} and type {found[1]}, expected {shape} and {kind}; its source files are not "
            "those that the data set's module describes"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(f"{where} has values that are not finite")
    if name.endswith("labels") and about.classes:
        classes = len(about.classes)
        if count_outside(array, classes):
            raise UserError(f"{where} reach from {array.min()} to {array.max()}, expected classes 0 to {classes - 1}")
        if len(missing := np.flatnonzero(np.bincount(array, minlength=classes) == 0)):
            raise UserError(
                f"{where} have none of class '{about.classes[missing[0]]}'; each class must be in both splits"
            )


def count_outside(labels: "np.ndarray", classes: int) -> int:
    """How many labels are not in 0..classes-1."""
    return int(((labels < 0) | (labels >= classes)).sum())


def _content(about: Dataset, arrays: "dict[str, np.ndarray]") -> dict[str, Any]:
    """What the manifest says beside the files' digests."""
    import numpy as np

    modality, classes = of(about.key), len(about.classes)
    try:
        mean, std = lookup.module(f"modalities.{name_of(about.key)}.moments").moments(arrays[f"train_{modality.NOUN}"])
    except ValueError as error:
        raise UserError(f"data set '{about.key}': {error}") from None
    counts = {split: np.bincount(arrays[f"{split}_labels"], minlength=classes).tolist() for split in SPLITS if classes}
    names = {name: list(each.names) for name, each in _further(about).items()}
    return {
        "key": about.key,
        "source": about.source,
        "licence": about.licence,
        "classes": list(about.classes),
        "class_counts": counts,
        "shape": list(about.shape),
        "noun": modality.NOUN,
        "target": about.target,
        "splits": {"train": about.train_examples, "test": about.test_examples},
        "shares": SHARES,
        "skipped": dict(about.skipped),
        "mean": mean,
        "std": std,
        **({"names": names} if names else {}),
    }


def verify(key: str, root: Path = Path(), recipe: str = "") -> dict[str, Any]:
    """The manifest of data/prepared/<key>/ when it and all arrays are as they were written, by this recipe if given.

    Raises UserError naming the file, what is wrong with it and what to do.
    """
    found, path = manifest(key, root), folder(key, root) / MANIFEST
    if recipe and found.get("recipe") != recipe:
        raise UserError(f"{path}: made of other sources, options or code than today's; {_again(key)}")
    for name in found["files"]:
        files.part(path, found, name, remedy=_again(key))
    return found


def manifest(key: str, root: Path = Path()) -> dict[str, Any]:
    """What the manifest of data/prepared/<key>/ says. Raises UserError where it is missing or was changed."""
    path = folder(key, root) / MANIFEST
    if not path.is_file():
        raise UserError(f"{path}: missing; {_again(key)}")
    return files.read_sealed(path, remedy=_again(key))


def _again(key: str) -> str:
    return f"run `python -m pipeline prepare {key}`"


def skipped(key: str, root: Path = Path()) -> str:
    """What lies among a prepared data set's sources and was not read, in a line; empty where nothing does."""
    kinds = Counter(manifest(key, root)["skipped"])
    named = [f"{count} {kind}" for kind, count in kinds.most_common(KINDS)]
    if others := kinds.total() - sum(count for _, count in kinds.most_common(KINDS)):
        named.append(f"{others} of other kinds")
    return f"{key}: skipped {', '.join(named)}" if named else ""


def load(key: str, root: Path = Path(), recipe: str = "") -> Prepared:
    """Read data/prepared/<key>/. Raises UserError as `verify` does."""
    import numpy as np
    import torch

    about, place = verify(key, root, recipe), folder(key, root)
    arrays = [torch.from_numpy(np.load(place / f"{stem}.npy", allow_pickle=False)) for stem in stems(key)]
    (train_inputs, train_labels, test_inputs, test_labels), further = arrays[:4], arrays[4:]
    prepared = Prepared(
        key=key,
        train_inputs=train_inputs,
        train_labels=train_labels,
        test_inputs=test_inputs,
        test_labels=test_labels,
        mean=tuple(about["mean"]),
        std=tuple(about["std"]),
        classes=tuple(about["classes"]),
        shape=tuple(about["shape"]),
        digest=files.digest({stem: about["files"][f"{stem}.npy"]["sha256"] for stem in stems(key)}),
    )
    if not further:
        return prepared
    return PreparedAnnotated(
        **vars(prepared),
        further=dict(zip(stems(key)[4:], further, strict=True)),
        names={name: tuple(each) for name, each in about["names"].items()},
    )
