"""Dirichlet evidence against torch's distributions, draws and loops."""

import pytest
import torch

from pipeline.ops.evidential import combined, expected_cross_entropy, misleading, opinion

EVIDENCE = 3 * torch.rand(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LABELS = torch.tensor([0, 3, 4, 4])


def test_beliefs_and_doubt_add_up_to_one():
    beliefs, doubt = opinion(EVIDENCE)
    torch.testing.assert_close(beliefs.sum(1) + doubt, torch.ones(4, dtype=torch.float64))
    assert opinion(torch.zeros(1, 5))[1].item() == 1.0


def test_expected_cross_entropy_is_that_of_draws():
    torch.manual_seed(0)
    draws = torch.distributions.Dirichlet(EVIDENCE + 1).sample((20000,))
    expected = -draws[:, torch.arange(4), LABELS].log().mean(0)
    torch.testing.assert_close(expected_cross_entropy(EVIDENCE, LABELS), expected, rtol=0.03, atol=0.0)


def test_misleading_evidence_is_torchs_divergence_without_the_right_class():
    found = misleading(EVIDENCE, LABELS)
    for i, y in enumerate(LABELS.tolist()):
        alpha = EVIDENCE[i] + 1
        alpha[y] = 1.0
        uniform = torch.distributions.Dirichlet(torch.ones(5, dtype=torch.float64))
        expected = torch.distributions.kl_divergence(torch.distributions.Dirichlet(alpha), uniform)
        torch.testing.assert_close(found[i], expected)
    changed = EVIDENCE.clone()
    changed[torch.arange(4), LABELS] = 99.0
    torch.testing.assert_close(misleading(changed, LABELS), found)


def test_opinions_are_combined_by_loops_in_any_order_and_one_without_evidence_changes_nothing():
    first, second = opinion(EVIDENCE), opinion(EVIDENCE.flip(0))
    beliefs, doubt = combined(first, second)
    for i in range(4):
        b, u, c, v = first[0][i].tolist(), float(first[1][i]), second[0][i].tolist(), float(second[1][i])
        conflict = sum(b[j] * c[k] for j in range(5) for k in range(5) if j != k)
        for k in range(5):
            assert float(beliefs[i, k]) == pytest.approx((b[k] * c[k] + b[k] * v + c[k] * u) / (1 - conflict))
        assert float(doubt[i]) == pytest.approx(u * v / (1 - conflict))
    for one, other in zip(combined(first, second), combined(second, first), strict=True):
        torch.testing.assert_close(one, other)
    nothing = opinion(torch.zeros_like(EVIDENCE))
    for one, other in zip(combined(first, nothing), first, strict=True):
        torch.testing.assert_close(one, other)
