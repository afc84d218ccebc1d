"""Mixed probabilities, and the radii within which nothing turns them."""

import math
from statistics import NormalDist

import pytest
import torch

from pipeline.ops.mixture import least_margin, lipschitz_radius, log_mixed, smoothed_radius

DRAWS = torch.Generator().manual_seed(4)
ACCURATE, ROBUST = (4 * torch.randn(6, 5, generator=DRAWS, dtype=torch.float64) for _ in range(2))


def test_a_share_of_its_own_for_each_input():
    shares = torch.linspace(0.1, 0.9, 6, dtype=torch.float64)[:, None]
    want = ((1 - shares) * ACCURATE.softmax(1) + shares * ROBUST.softmax(1)).log()
    torch.testing.assert_close(log_mixed(ACCURATE, ROBUST, shares), want)
    torch.testing.assert_close(
        log_mixed(ACCURATE, ROBUST, 0.3)[2], log_mixed(ACCURATE, ROBUST, torch.full((6, 1), 0.3))[2]
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_slopes_by_differences_also_in_the_share(share):
    shares = torch.full((6, 1), share, dtype=torch.float64).clamp(1e-3, 1 - 1e-3).requires_grad_()
    given = (ACCURATE.clone().requires_grad_(), ROBUST.clone().requires_grad_(), shares)
    assert torch.autograd.gradcheck(log_mixed, given)


def test_far_apart_logits_in_single_precision():
    accurate = torch.tensor([[400.0, 0.0, -300.0]], requires_grad=True)
    robust = torch.tensor([[0.0, 500.0, -600.0]], requires_grad=True)
    found = log_mixed(accurate, robust, 0.75)
    torch.testing.assert_close(found, torch.tensor([[math.log(0.25), math.log(0.75), math.log(0.25) - 700]]))
    found.sum().backward()
    assert accurate.grad.isfinite().all() and robust.grad.isfinite().all() and accurate.grad.any()


def test_whoever_is_so_far_ahead_cannot_be_turned():
    """The condition is tight: with the least margin the worst accurate base draws level."""
    for share in (0.5, 0.6, 0.8, 1.0):
        margin = least_margin(share)
        p, q = (1 + margin) / 2, (1 - margin) / 2
        assert share * p == pytest.approx(share * q + (1 - share))


@pytest.mark.parametrize("share", [0.55, 0.8, 1.0])
def test_the_lipschitz_radius_by_loops(share):
    probabilities, constants = ROBUST.softmax(1), torch.tensor([0.5, 1.0, 2.0, 0.7, 0.1], dtype=torch.float64)
    for found, row in zip(
        lipschitz_radius(probabilities, constants, share).tolist(), probabilities.tolist(), strict=True
    ):
        y = row.index(max(row))
        want = min(
            (share * (row[y] - p) - (1 - share)) / (share * float(constants[y] + constants[i]))
            for i, p in enumerate(row)
            if i != y
        )
        assert found == pytest.approx(max(want, 0))


def test_within_the_lipschitz_radius_nothing_turns_a_linear_case():
    """Probabilities on a line, p_y = (1 + m) / 2 - L t: at the radius, and no earlier, the mixture can be turned."""
    share, slope, margin = 0.7, 0.25, 0.8
    p = torch.tensor([[(1 + margin) / 2, (1 - margin) / 2]], dtype=torch.float64)
    radius = lipschitz_radius(p, torch.full((2,), slope, dtype=torch.float64), share).item()
    ahead = margin - 2 * slope * radius
    assert radius > 0 and share * ahead == pytest.approx(1 - share)


@pytest.mark.parametrize(("share", "first", "second"), [(0.8, 0.9, 0.05), (0.95, 0.7, 0.2), (0.6, 0.99, 0.001)])
def test_the_smoothed_radius_by_the_normal_distribution(share, first, second):
    quantile, sigma = NormalDist().inv_cdf, 0.25
    want = sigma / 2 * (quantile(share * first) - quantile(share * second + 1 - share))
    found = smoothed_radius(*(torch.tensor([v], dtype=torch.float64) for v in (first, second)), sigma, share)
    assert found.item() == pytest.approx(max(want, 0), abs=1e-12)


def test_a_share_of_one_is_the_radius_of_the_smoothed_classifier():
    first = torch.tensor([0.6, 0.9, 0.999], dtype=torch.float64)
    want = [0.5 * NormalDist().inv_cdf(p) for p in first.tolist()]
    assert smoothed_radius(first, 1 - first, 0.5, 1.0).tolist() == pytest.approx(want)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_share_of_one_half_or_less_certifies_nothing(share):
    sure = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    assert lipschitz_radius(sure, torch.ones(2, dtype=torch.float64), share).item() == 0
    assert smoothed_radius(sure[:, 0] - 1e-9, sure[:, 1], 0.5, share).item() == 0


def test_a_larger_share_certifies_more():
    first, second = torch.tensor([0.9], dtype=torch.float64), torch.tensor([0.05], dtype=torch.float64)
    found = [smoothed_radius(first, second, 0.5, share).item() for share in (0.6, 0.7, 0.8, 0.9, 1.0)]
    assert found == sorted(found) and found[-1] > found[1] > 0


def test_the_smoothed_radius_holds_for_the_worst_pair_that_smoothing_allows():
    """On a line, h = 1 for t < 0 and g always against it: the mixture turns where the formula says."""
    share, sigma = 0.8, 0.5
    phi = NormalDist()
    first = phi.cdf(1.2)  # smoothed h at t = -1.2 sigma, of two classes
    radius = smoothed_radius(
        torch.tensor([first], dtype=torch.float64), torch.tensor([1 - first], dtype=torch.float64), sigma, share
    ).item()
    at_edge = phi.cdf(1.2 - radius / sigma)
    assert radius > 0 and share * at_edge >= share * (1 - at_edge) + 1 - share
