import math

import pytest
import torch

from pipeline.methods.label_retrieval.label_softmax import LabelSoftmax
from tests.kit.label_retrieval import labels, log_softmax_of, per_positive, retriever, scores


def test_against_loops():
    s = scores().tolist()
    found = LabelSoftmax().objective(scores(), labels()).item()
    assert found == pytest.approx(per_positive(lambda b, p: log_softmax_of(s[b], p)))


def test_it_is_least_where_positives_share_all_probability_alike():
    y = labels([(0, 2, 3)])
    even = 40 * y
    uneven = even + torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert LabelSoftmax().objective(even, y).item() == pytest.approx(math.log(3))
    assert LabelSoftmax().objective(uneven, y) > LabelSoftmax().objective(even, y) + 0.1


def test_documents_are_normalised_as_queries_are():
    method = retriever(LabelSoftmax)
    raw = (method.documents * 0.25 + 0.5) * 255
    assert (raw - raw.round()).abs().max() < 1e-3 and raw.min() >= 0 and raw.max() <= 255.001
