"""Recall across views, of hits that are known."""

import torch

from pipeline.metrics import cross_recall_1, cross_recall_5

HITS = torch.tensor([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 0, 1, 0]]).bool()


def test_the_first_and_the_first_five():
    assert cross_recall_1.compute(HITS, None)[""].tolist() == [100, 0, 0, 100]
    assert cross_recall_5.compute(HITS).tolist() == [100, 100, 0, 100]
    assert cross_recall_5.compute(HITS[:, :3]).tolist() == [100, 0, 0, 100]


def test_seen_classes_are_told_beside():
    found = cross_recall_1.compute(HITS, HITS[:2])
    assert found["seen"].tolist() == [100, 0] and cross_recall_1.compute(HITS, None).keys() == {""}
