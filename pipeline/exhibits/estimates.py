"""Estimates that were computed before, kept in .recount/estimates: nothing resamples the same runs a second time.

An estimate is known by the seals of the results that it is computed from, which vouch for the runs' predictions, and a
file of estimates by the code that computes them. So one that is there is right, and one that is not is computed.
"""

import contextlib
from collections import UserDict
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.exhibits import labels
from pipeline.exhibits.statistics import Estimate
from pipeline.files import matching, read_sealed, write_sealed
from pipeline.planning import identity

if TYPE_CHECKING:
    from pipeline.planning.model import Study

FOLDER = Path(".recount/estimates")
REMEDY = "delete it"


class Estimates(UserDict[str, "Estimate | None"]):
    """A study's estimates by key; None where there is no common seed. It remembers which were asked for."""

    def __init__(self, study: "Study", root: Path) -> None:
        super().__init__()
        self._folder, self._code = root / FOLDER / study.key, _code(study)
        self._asked: set[str] = set()
        for path in matching(self._folder, "*.json"):
            with contextlib.suppress(UserError, OSError, ValueError, TypeError, KeyError):  # then all is computed again
                found = read_sealed(path, self._code, REMEDY)["estimates"]
                self.data |= {key: value and Estimate(*value) for key, value in found.items()}

    def keep(self, name: str) -> None:
        """Write what was asked for since, under the name of what asked."""
        found = {key: value and list(astuple(value)) for key, value in self.data.items() if key in self._asked}
        with contextlib.suppress(OSError):
            write_sealed(self._folder / f"{name}.json", {"id": self._code, "estimates": found})

    def __getitem__(self, key: str) -> Estimate | None:
        self._asked.add(key)
        return self.data[key]

    def __setitem__(self, key: str, value: Estimate | None) -> None:
        self._asked.add(key)
        self.data[key] = value


def _code(study: "Study") -> str:
    """The digest of the code that computes the study's estimates."""
    described = {found.name: found for name in study.measured if (found := labels.described(name))}
    anew = [f"pipeline.metrics.{name}:compute" for name, found in sorted(described.items()) if found.redrawn]
    return identity.digest("pipeline.exhibits.statistics:contrast", "pipeline.exhibits.cells:Cell", *anew)
