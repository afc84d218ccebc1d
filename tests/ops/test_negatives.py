"""Differences to other classes, found again among all of them: each once, none the true one, all as often."""

import torch

from pipeline.ops.negatives import gaps


def test_other_classes_are_drawn_once_each_and_all_alike(logits, labels):
    torch.manual_seed(0)
    examples, classes = logits.shape
    every = (logits - logits.gather(1, labels[:, None]))[:, None, :]
    counts = torch.zeros(examples, classes)
    for _ in range(1000):
        drawn = gaps(logits, labels, 2)
        assert drawn.shape == (examples, 2)
        hits = drawn[:, :, None] == every
        assert (hits.sum(2) == 1).all() and (hits.sum(1) <= 1).all()
        counts += hits.sum(1)
    assert (counts.gather(1, labels[:, None]) == 0).all()
    others = counts[torch.arange(classes) != labels[:, None]] / 1000
    assert (others - 2 / (classes - 1)).abs().max() < 0.07
    assert gaps(logits, labels, 50).shape == (examples, classes - 1)
