"""What a run's record says of its training, kept with the training's state so that a killed run does not lose it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.training import checkpoint


@dataclass(frozen=True)
class Kept(checkpoint.Kept):
    """The state of a training and, of its record, the warnings, when it began and the seconds that it has taken.

    record: has "warnings", a list, and "started"; both are brought up to date when a state is loaded.
    """

    record: dict[str, Any]
    _spent: list[float] = field(default_factory=lambda: [0.0])
    _clock: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Of training until now, the interrupted calls' until their last state included."""
        return self._spent[0] + time.perf_counter() - self._clock

    def save(self, parts: Mapping[str, Any]) -> None:
        told = {"warnings": self.record["warnings"], "started": self.record["started"], "seconds": self.seconds}
        super().save({**parts, "record": told})

    def load(self) -> dict[str, Any] | None:
        found = super().load()
        told = found.get("record") if found else None
        if told:
            warnings = self.record["warnings"]
            warnings[:] = [*told["warnings"], *(each for each in warnings if each not in told["warnings"])]
            self.record["started"] = told["started"]
            self._spent[0] = told["seconds"]
        return found
