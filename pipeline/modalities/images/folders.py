"""Folders of images, one a class: which files are images, which are left out, and what cannot be right.

Links are followed. Left out and counted are hidden files and folders, such as the companions `._*` that macOS writes,
what other systems put beside files, files of other kinds, and what lies beside the folders of classes.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError, shown
from pipeline.modalities import SPLITS

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"})
SYSTEM = frozenset({"__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information"})
"""Folders that systems put beside one's own."""


@dataclass(frozen=True)
class Listing:
    images: dict[str, list[tuple[str, str]]]
    """Split -> (class, path), sorted."""
    skipped: dict[str, int]
    """Kind of file -> how many are left out."""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({name for name, _ in self.images["train"]}))

    @property
    def paths(self) -> list[str]:
        return [path for pairs in self.images.values() for _, path in pairs]


def listing(top: Path) -> Listing:
    """The images in <top>/{train,test}/<class>/, at any depth. UserError where that is not what lies there."""
    skipped: Counter[str] = Counter()
    images = {}
    try:
        for split in SPLITS:
            if not (top / split).is_dir():
                raise UserError(f"{top / split}: missing; expected {top}/{{train,test}}/<class>/<image>")
            images[split] = sorted(_of_classes(top / split, skipped))
        if beside := sum(entry.name not in SPLITS for entry in _entries(top, skipped)):
            skipped[f"beside {' and '.join(SPLITS)}"] = beside
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror}); mend or delete it") from None
    train, test = ({name for name, _ in images[split]} for split in SPLITS)
    if not train:
        raise UserError(f"{top / 'train'}: no class folders; expected train/<class>/<image>")
    if train != test:
        raise UserError(
            f"{top}: train and test differ in class {shown(min(train ^ test))}; both need the same class folders"
        )
    return Listing(images, dict(sorted(skipped.items())))


def _of_classes(place: Path, skipped: Counter[str]) -> Iterator[tuple[str, str]]:
    above = tuple((state.st_dev, state.st_ino) for state in (place.parent.stat(), place.stat()))
    for entry in _entries(place, skipped):
        if not entry.is_dir():
            skipped["beside the class folders"] += 1
            continue
        name = unicodedata.normalize("NFC", entry.name)  # macOS and others spell accents differently
        if not name.isprintable():
            raise UserError(f"{shown(os.fsencode(entry.path))}: a class's name must be printable Unicode; rename it")
        inside: Counter[str] = Counter()
        found = list(_images(entry, inside, above))
        if not found:
            others = f" ({_counted(inside)})" if inside else ""
            raise UserError(f"{entry.path}: no images{others}; expected files ending in {', '.join(sorted(SUFFIXES))}")
        skipped.update(inside)
        for path in found:
            yield name, path


def _images(folder: "os.DirEntry[str]", skipped: Counter[str], above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    about = folder.stat()
    here = (about.st_dev, about.st_ino)
    if here in above:
        raise UserError(f"{folder.path}: a link back to a folder that it lies in; delete it")
    for entry in _entries(folder, skipped):
        suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 (at a hundred thousand files a Path is slow)
        if entry.is_dir():
            yield from _images(entry, skipped, (*above, here))
        elif suffix not in SUFFIXES:
            skipped[suffix if suffix and suffix.isprintable() else "no ending"] += 1
        elif entry.is_file():
            yield entry.path
        else:
            raise UserError(f"{entry.path}: not a file that can be read; delete it")


def _entries(folder: "Path | os.DirEntry[str]", skipped: Counter[str]) -> "list[os.DirEntry[str]]":
    """What lies in a folder, by name, without what is hidden or the system's."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    own = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in SYSTEM]
    for entry in own:
        if entry.is_symlink() and not Path(entry.path).exists():
            where = Path(entry.path).readlink()
            raise UserError(f"{entry.path}: a link to {where}, which is not there; mend or delete it")
    if left := len(entries) - len(own):
        skipped["hidden or the system's"] += left
    return own


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
