"""Which classes are left, place by place; where nothing is found; where there are two classes."""

import pytest
import torch

from pipeline.ops.class_spaces import shrunk


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("classes", [3, 7])
def test_against_loops(threshold, classes):
    draws = torch.Generator().manual_seed(0)
    p = torch.randn(40, classes, generator=draws, dtype=torch.float64).mul(2).softmax(1).sort(1, descending=True).values
    kept, found = shrunk(p, threshold)
    for row, places, enough in zip(p.tolist(), kept.tolist(), found.tolist(), strict=True):
        shares = {c: row[0] / (row[0] + sum(row[c:])) for c in range(2, classes)}
        sure = [c for c, share in shares.items() if share >= threshold]
        first = min(sure, default=classes - 1)
        assert places == [c == 0 or c >= first for c in range(classes)]
        assert enough == bool(sure)


def test_of_two_classes_both_stay():
    kept, found = shrunk(torch.tensor([[0.7, 0.3]]), 0.9)
    assert kept.all() and not found.any()


def test_a_class_is_lost_even_where_none_need_be():
    assert shrunk(torch.tensor([[0.9, 0.06, 0.04]]), 0.5)[0].tolist() == [[True, False, True]]
