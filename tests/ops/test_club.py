"""The bound on mutual information and its estimator's misfit by slow loops, and whom each moves."""

import math

import pytest
import torch

from pipeline.ops.club import CLUB
from tests.kit.embeddings import descend, gradient_free
from tests.kit.methods import SIZE


def test_the_bound_equals_loops_and_moves_codes_while_the_misfit_moves_the_estimator():
    torch.manual_seed(0)
    estimator = CLUB(4, 3, 8)
    s, c = torch.randn(SIZE, 4, requires_grad=True), torch.randn(SIZE, 3, requires_grad=True)
    torch.manual_seed(1)
    bound = estimator.bound(s, c)
    torch.manual_seed(1)
    order = torch.randperm(SIZE).tolist()
    mean, log_variance = (part.tolist() for part in estimator(s))
    expected, misfit = 0.0, 0.0
    for i in range(SIZE):
        for d in range(3):
            variance = math.exp(log_variance[i][d])
            errors = [(c[j, d].item() - mean[i][d]) ** 2 / variance for j in (i, order[i])]
            expected += (errors[1] - errors[0]) / 2 / SIZE
            misfit += (errors[0] + log_variance[i][d]) / SIZE
    assert bound.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert estimator.misfit(s, c).item() == pytest.approx(misfit, rel=1e-4)
    bound.backward()
    assert gradient_free(estimator) and s.grad.any()
    s.grad = c.grad = None
    estimator.misfit(s, c).backward()
    assert s.grad is None and c.grad is None and not gradient_free(estimator)


def test_the_bound_is_larger_for_codes_that_share_something():
    torch.manual_seed(0)
    s, noise = torch.randn(256, 2), torch.randn(256, 2)
    found = []
    for c in (s + 0.1 * noise, noise):
        estimator = CLUB(2, 2, 16)
        descend(estimator, lambda estimator=estimator, c=c: estimator.misfit(s, c), 200, 0.05)
        found.append(estimator.bound(s, c).item())
    assert found[0] > 1 > 0.5 > abs(found[1])
