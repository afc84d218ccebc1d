"""Cross-entropy on labelled images alone, by loops, and answers that are old classes."""

import math

import pytest
import torch

from pipeline.methods.discovery.old_classifier import OldClassifier
from tests.kit.discovery import data, member, training
from tests.kit.methods import normalised, step


def test_by_loops():
    method, given = member(OldClassifier), data()
    found = method.loss(given).item()
    method = method.double()
    logits = method.head(method.encoder(torch.cat(given.views).double())).tolist()
    total = 0.0
    for row, y in zip(logits, given.labels.repeat(2).tolist(), strict=True):
        total -= row[y] - math.log(math.fsum(math.exp(v) for v in row))
    assert len(logits[0]) == 2 and found == pytest.approx(total / len(logits), rel=1e-5)


def test_it_reads_no_stream_and_names_no_new_class():
    method, alone, given = member(OldClassifier), member(OldClassifier), data()
    step(method, given)
    given.streams.clear()
    step(alone, given)
    assert all(torch.equal(a, b) for a, b in zip(method.parameters(), alone.parameters(), strict=True))
    assert set(method.eval().cluster_of(normalised(training().inputs)).tolist()) <= {0, 1}
