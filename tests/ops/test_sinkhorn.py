"""Balanced codes against slow loops in the paper's orientation, their limit, and scores that all prefer one cluster."""

import torch

from pipeline.ops.sinkhorn import balanced_codes
from tests.kit.embeddings import loop_sinkhorn


def test_codes_equal_the_slow_loops_in_the_papers_orientation():
    torch.manual_seed(4)
    scores = torch.rand(9, 5) * 2 - 1
    found = balanced_codes(scores, 0.05, 3).double()
    torch.testing.assert_close(found, loop_sinkhorn(scores, 0.05, 3), atol=1e-5, rtol=1e-4)


def test_codes_tend_to_balance_and_ignore_a_common_shift():
    torch.manual_seed(4)
    scores = torch.rand(40, 8) * 2 - 1
    few, many = (balanced_codes(scores, 0.1, n) for n in (1, 200))
    assert float((many.sum(0) - 5).abs().max()) < 1e-3 < float((few.sum(0) - 5).abs().max())
    torch.testing.assert_close(many.sum(1), torch.ones(40))
    torch.testing.assert_close(balanced_codes(scores + 7, 0.1, 3), balanced_codes(scores, 0.1, 3), atol=1e-5, rtol=1e-3)


def test_codes_stay_finite_when_every_sample_prefers_one_cluster():
    scores = torch.full((6, 4), -1.0)
    scores[:, 0] = 1.0
    assert torch.allclose(balanced_codes(scores, 0.01, 3).sum(1), torch.ones(6))
