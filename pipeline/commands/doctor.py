"""What this machine offers, and whether everything that is there is as it was written."""

import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files, modalities, tracking
from pipeline.commands.guard import explained
from pipeline.errors import UserError

SEALED = ("trained/*/*/*/train.json", "runs/*/*/*/result.json", "results/made/*/*.json")
"""The last files of trainings, results and exhibits; those of data sets are the data sets' own business."""


PACKAGES = ("torch", "torchvision", "numpy", "pydantic", "safetensors", "polars", "mlflow", "snakemake", "dvc")


def offers(root: Path) -> Iterator[str]:
    """A line for each thing that runs need of the machine."""
    from pipeline.training.device import choose

    yield f"python       {sys.version.split()[0]}"
    for package in PACKAGES:
        try:
            yield f"{package:12} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{package:12} missing: `make .venv/.installed` installs requirements.lock"
    device = choose()
    yield f"device       {device.torch.type}: {device.name}, {device.precision}, {os.cpu_count()} cores"
    for key in modalities.known():
        ready = (modalities.folder(key, root) / modalities.MANIFEST).exists()
        yield f"data         {key}: {'prepared' if ready else 'not prepared'}"
    yield f"tracking     {tracking.shown_uri(root)}"


@dataclass
class Checked:
    """How many files were looked at, and a line with what to do for each that is not as it was written."""

    count: int = 0
    wrong: list[str] = field(default_factory=list)
    _digests: dict[tuple[int, int], str] = field(default_factory=dict)

    def look(self, call: Callable[..., Any], *given: Any, count: int = 1) -> Any:
        """What the call gives; None where something is wrong."""
        self.count += count
        try:
            return call(*given)
        except (UserError, OSError) as error:
            self.wrong.append(explained(error))
            return None

    def digest(self, path: Path) -> str:
        """sha256; a file with several names is read once."""
        about = path.stat()
        inode = about.st_dev, about.st_ino
        if inode not in self._digests:
            self._digests[inode] = files.sha256(path)
        return self._digests[inode]


def check(root: Path, recipes: dict[str, str]) -> Checked:
    """Look at all prepared data, trainings, results, exhibits and the tracking store.

    recipes: of the planned data sets, which say what their arrays must have been made of.
    """
    found = Checked()
    for path in [path for pattern in SEALED for path in found.look(files.matching, root, pattern, count=0) or []]:
        record = found.look(_own, path) or {}
        for name in record.get("files", {}):
            found.look(partial(files.part, digest=found.digest), path, record, name)
    for key in modalities.known():
        if modalities.folder(key, root).is_dir():
            arrays = len(modalities.SPLITS) * 2
            found.look(modalities.verify, key, root, recipes.get(key, ""), count=1 + arrays)
    if trouble := tracking.trouble(root):
        found.wrong.append(trouble)
    return found


def _own(path: Path) -> dict[str, Any]:
    """A sealed file that is in its place: the first letters of its id stand in the path."""
    record = files.read_sealed(path)
    identity = str(record.get("id"))
    if identity[:8] not in (path.stem, path.parent.name.rpartition("-")[2]):
        raise UserError(f"{path}: id '{identity}' is another's; {files.REMEDY.format(folder=path.parent)}")
    return record
