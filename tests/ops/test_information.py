"""Mutual information: by loops, and of variables that determine each other or have nothing in common."""

import math

import numpy as np
import pytest

from pipeline.ops import information


def test_by_loops() -> None:
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, 3, 50), random.integers(0, 2, 50)
    found = information.mutual_information(information.table(rows, columns, (3, 2)))
    expected = 0.0
    for a in range(3):
        for b in range(2):
            both = np.mean((rows == a) & (columns == b))
            if both > 0:
                expected += both * math.log(both / (np.mean(rows == a) * np.mean(columns == b)))
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_ends() -> None:
    assert information.mutual_information(np.eye(4)) == pytest.approx(math.log(4))
    assert information.mutual_information(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0, abs=1e-12)


def test_many_tables_at_once() -> None:
    tables = np.random.default_rng(1).random((5, 3, 2))
    alone = [float(information.mutual_information(each)) for each in tables]
    assert information.mutual_information(tables) == pytest.approx(alone)
