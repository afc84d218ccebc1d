"""Theorems, checked numerically: every repetition at every size, and what a check makes of them."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline import lookup
from pipeline.errors import UserError
from pipeline.methods.theory import Check
from pipeline.seeds import Draws
from pipeline.training.job import Recipe


class Evidence:
    """What the repetitions of a check gave.

    Repetition r of a study and seed has one stream of draws, whatever the check and the size: checks of one experiment
    see the same draws, and a smaller size begins as a larger one does.
    """

    def __init__(self, recipe: Recipe) -> None:
        module, name = recipe.method
        self.check: Check = getattr(lookup.module(module), name)(**recipe.settings["method"])
        self.repetitions: int = recipe.settings["repetitions"]
        self.draws = Draws(recipe.study, recipe.seed)
        self.choices: dict[str, float] = {}
        self.convergence: dict[str, dict[str, Any]] = {}

    @cached_property
    def sizes(self) -> list[int]:
        return self.check.sizes()

    @cached_property
    def curves(self) -> dict[str, np.ndarray]:
        """Quantity -> (R, sizes) of what was measured."""
        from threadpoolctl import threadpool_limits

        made = self.repetitions if self.check.draws else 1
        with threadpool_limits(1):  # one thread a job, as torch has: faster side by side, and sums keep their order
            rows = [[self._measured(repetition, size) for size in self.sizes] for repetition in range(made)]
        names = list(rows[0][0])
        if any(list(found) != names for row in rows for found in row):
            raise UserError(f"check '{type(self.check).__name__}': measures other quantities at some size")
        # what is drawn of nothing stands for all repetitions
        return {
            name: np.resize(np.array([[each[name] for each in row] for row in rows], np.float64), self._shape)
            for name in names
        }

    @property
    def _shape(self) -> tuple[int, int]:
        return self.repetitions, len(self.sizes)

    def _measured(self, repetition: int, size: int) -> dict[str, float]:
        random = np.random.default_rng(self.draws.seed_of("repetition", repetition))
        return self.check.measure(self.check.draw(size, random), size)

    @cached_property
    def quantities(self) -> dict[str, Tensor]:
        """Quantity -> (R,) float64 of what the check sums up of each repetition."""
        found = self.check.summary(self.sizes, self.curves)
        for name, values in found.items():
            if np.shape(values) != (self.repetitions,):
                raise UserError(f"check '{type(self.check).__name__}': {name}: not a value a repetition")
        return {name: torch.from_numpy(np.asarray(values, np.float64)) for name, values in found.items()}

    def facts(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, Tensor]:
        """`sizes`, `curve_<quantity>` (R, sizes), and `predicted_<quantity>` (sizes,) where the theorem says what."""
        predicted = [self.check.predicted(size) for size in self.sizes]
        lines = {name: [found[name] for found in predicted] for name in predicted[0]}
        return {
            "sizes": torch.tensor(self.sizes),
            **{f"curve_{name}": torch.from_numpy(values) for name, values in self.curves.items()},
            **{f"predicted_{name}": torch.tensor(values, dtype=torch.float64) for name, values in lines.items()},
        }
