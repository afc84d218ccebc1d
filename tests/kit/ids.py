"""What an edit of a project changes of the planned runs' ids."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit import project

Cell = tuple[str, str, str, int]
Ids = dict[Cell, tuple[str, str]]
"""(study, method, variant, seed) -> id of the result, folder of the training."""


def of(runs: list[dict[str, Any]]) -> Ids:
    """Of the runs as `plan --json` prints them."""
    return {(run["study"], run["method"], run["variant"], run["seed"]): (run["id"], run["trained"]) for run in runs}


@dataclass
class Changed:
    results: set[Cell]
    trainings: set[Cell]

    @property
    def trained_anew(self) -> set[Cell]:
        """What an edit changes that changes no result without its training."""
        assert self.results == self.trainings
        return self.trainings

    @property
    def measured_anew(self) -> set[Cell]:
        """What an edit changes that changes no training."""
        assert not self.trainings
        return self.results


class Editor:
    """Edits a project, tells what changed, and takes the edits back."""

    def __init__(self, folder: Path, plan: Callable[[Path], Ids]) -> None:
        self.folder, self.plan = folder, plan
        self.before = plan(folder)

    def __call__(self, *edits: tuple[str, str, str]) -> Changed:
        """edits: file, text, and what takes its place; without a text it is put behind what is there, if anything."""
        texts: dict[Path, str | None] = {}
        try:
            for file, old, new in edits:
                path = self.folder / file
                texts.setdefault(path, path.read_text(encoding="utf-8") if path.exists() else None)
                if old:
                    project.substitute(path, old, new)
                else:
                    path.write_text((texts[path] or "") + new, encoding="utf-8")
            after = self.plan(self.folder)
        finally:
            for path, text in texts.items():
                path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        return changed(self.before, after)

    def of(self, *methods: str) -> set[Cell]:
        return {cell for cell in self.before if cell[1] in methods}

    def within(self, study: str) -> set[Cell]:
        return {cell for cell in self.before if cell[0] == study}


def changed(before: Ids, after: Ids) -> Changed:
    cells, nothing = before.keys() | after.keys(), (None, None)
    found = [{c for c in cells if before.get(c, nothing)[part] != after.get(c, nothing)[part]} for part in (0, 1)]
    assert found[1] <= found[0]
    return Changed(*found)
