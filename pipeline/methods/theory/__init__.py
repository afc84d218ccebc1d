"""Theorems as checks: an experiment that meets the assumptions, what is measured, and what is predicted of it.

A check draws with numpy's generator and computes in float64. What it sums up of each repetition it names after one of
the metrics exponent, violation, looseness, covered, deviation, half_point, gap, log_ratio, level and holds, and perhaps
a suffix: `exponent_plain`.
"""

from typing import Any, ClassVar

import numpy as np

from pipeline.contract import Method, setting

Array = np.ndarray
Random = np.random.Generator


class Check(Method):
    """One experiment at one size."""

    kind = "check"
    trains = False
    draws: ClassVar[bool] = True
    """False where nothing is drawn: one repetition is made, and stands for all."""
    swept: ClassVar[str] = "size"
    """What the sizes are, for figures."""
    rates: ClassVar[dict[str, float]] = {}
    """Of measured quantities, the exponents in the size that the theorem says, for figures."""
    thresholds: ClassVar[dict[str, str]] = {}
    """Quantities that are where a share crosses one half, and what they count: the share itself is measured at several
    numbers k of it as `<quantity>_at_<k>`, for figures."""

    def sizes(self) -> list[int]:
        """The sizes at which a repetition is measured."""
        return [1]

    def draw(self, size: int, random: Random) -> Any:
        """One sample of the experiment. Checks that share it share this, and with it the draws."""
        return random

    def measure(self, sample: Any, size: int) -> dict[str, float]:
        """The quantities of one sample; the same names at every size."""
        raise NotImplementedError

    def predicted(self, size: int) -> dict[str, float]:
        """Of measured quantities, what the theorem says they are, for figures."""
        return {}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        """(R,) of each metric, from the quantities (R, sizes); by default those of the largest size."""
        return {name: values[:, -1] for name, values in curves.items()}


class Sweep(Check):
    """One experiment at sizes that grow geometrically, each repetition at all of them."""

    smallest: int = setting(10, low=1)
    largest: int = setting(1000, low=1)
    steps: int = setting(5, low=2)

    requires: ClassVar[tuple[str, ...]] = ("smallest < largest",)

    def sizes(self) -> list[int]:
        found = np.geomspace(self.smallest, self.largest, self.steps).round().astype(int)
        return [int(size) for size in dict.fromkeys(found.tolist())]


__all__ = ["Array", "Check", "Random", "Sweep", "np", "setting"]
