import math

import pytest
import torch

from pipeline.methods.label_retrieval.soft_top_k import SoftTopK
from tests.kit.label_retrieval import labels, per_positive, scores


def threshold(row, k, alpha):
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        if sum(1 / (1 + math.exp(-alpha * (s + middle))) for s in row) < k:
            low = middle
        else:
            high = middle
    return low


@pytest.mark.parametrize(("k", "alpha"), [(1, 2.0), (3, 2.0), (5, 0.5)])
def test_against_loops(k, alpha):
    s = scores(spread=2.0).tolist()
    found = SoftTopK(k=k, alpha=alpha).objective(scores(spread=2.0), labels()).item()
    expected = per_positive(lambda b, p: -math.log1p(math.exp(-alpha * (s[b][p] + threshold(s[b], k, alpha)))))
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_constant_changes_nothing_and_has_no_gradient():
    s = scores().requires_grad_()
    method = SoftTopK(k=2)
    loss = method.objective(s, labels())
    loss.backward()
    assert method.objective(s.detach() + 3, labels()).item() == pytest.approx(loss.item(), rel=1e-6)
    assert s.grad.sum(1).abs().max() < 1e-9


def test_what_is_surely_among_the_first_k_costs_nothing_in_whatever_order():
    y = labels([(0, 2)])
    sure = torch.tensor([[30.0, 0.0, 60.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    assert SoftTopK(k=2).objective(sure, y).item() < 1e-6
    assert SoftTopK(k=1).objective(sure, y).item() > 1
