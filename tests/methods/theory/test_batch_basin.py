"""The barrier between two solutions: on losses that are known, and from another start."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.methods.theory.batch_basin import BATCH, EXAMPLES, BatchBasin


class Line:
    """One parameter: large batches lead to 0 and small ones to 2, and the loss is given."""

    def __init__(self, loss: Callable[[float], float]) -> None:
        self.known = loss

    def stepped(self, flat: np.ndarray, batches: np.ndarray, rate: float) -> np.ndarray:
        return np.array([0.0 if batches.shape[1] == EXAMPLES else 2.0])

    def loss(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        return self.known(float(flat[0])), flat


def barrier(loss: Callable[[float], float]) -> float:
    made = BatchBasin(classes=3, rate=0.3, apart=False)
    sample: Any = (Line(loss), np.array([1.0]), np.zeros((1, BATCH), np.int64), np.array([1.0]))
    return made.measure(sample, 1)["level"]


def test_a_bowl_has_no_barrier_and_two_wells_have_one() -> None:
    assert barrier(lambda x: (x - 1) ** 2) == pytest.approx(0)
    assert barrier(lambda x: ((x - 1) ** 2 - 1) ** 2) == pytest.approx(1)
    assert barrier(lambda x: x) == pytest.approx(0)


def test_from_another_start_there_is_a_barrier() -> None:
    found = []
    for apart in (False, True):
        made = BatchBasin(classes=10, rate=0.3, apart=apart)
        found.append(made.measure(made.draw(1, np.random.default_rng(0)), 1)["level"])
    assert found[0] < 0.01 < 0.1 < found[1]
