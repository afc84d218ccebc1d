import math

import pytest

from pipeline.methods.label_retrieval.one_vs_all import OneVsAll
from tests.kit.label_retrieval import LABELS, POSITIVES, SIZE, labels, scores


def test_against_loops():
    total = 0.0
    for own, row in zip(POSITIVES, scores().tolist(), strict=True):
        for label, s in enumerate(row):
            p = 1 / (1 + math.exp(-s))
            total -= math.log(p if label in own else 1 - p)
    assert OneVsAll().objective(scores(), labels()).item() == pytest.approx(total / (SIZE * LABELS))


def test_labels_do_not_touch_each_other():
    s = scores().requires_grad_()
    OneVsAll().objective(s, labels()).backward()
    other = scores().requires_grad_()
    moved = other.clone()
    moved[:, 0] = moved[:, 0] + 5
    OneVsAll().objective(moved, labels()).backward()
    assert (s.grad[:, 1:] == other.grad[:, 1:]).all() and (s.grad[:, 0] != other.grad[:, 0]).all()
