"""Softened labels by loops, and the share that gives them an entropy."""

import math

import pytest
import torch

from pipeline.ops.soft_labels import entropy_of, kept_at, softened


@pytest.mark.parametrize("kept", [1.0, 0.7, 0.25, 0.0])
def test_softened(kept):
    found = softened(torch.tensor([2, 0]), 4, kept)
    want = [[kept if k == y else (1 - kept) / 3 for k in range(4)] for y in (2, 0)]
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, torch.tensor(want, dtype=torch.float64))


@pytest.mark.parametrize("classes", [2, 10])
def test_an_entropy_is_reached(classes):
    for kept in (0.999, 0.9, 0.6):
        row = softened(torch.tensor([0]), classes, kept)[0].tolist()
        entropy = -sum(p * math.log(p) for p in row)
        assert entropy_of(kept, classes) == pytest.approx(entropy)
        assert kept_at(entropy, classes) == pytest.approx(kept, abs=1e-9)


def test_its_ends():
    assert entropy_of(1.0, 10) == 0 and kept_at(0.0, 10) == pytest.approx(1.0)
    assert entropy_of(0.1, 10) == pytest.approx(math.log(10)) and kept_at(math.log(10), 10) == pytest.approx(
        0.1, abs=1e-6
    )
    assert kept_at(99.0, 10) == pytest.approx(0.1)
