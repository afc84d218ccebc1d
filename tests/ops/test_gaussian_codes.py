"""Gaussian codes against torch's distributions and closed forms by loops."""

import math

import torch

from pipeline.ops.gaussian_codes import Code, from_unit, sampled, wasserstein

MAKE = torch.Generator().manual_seed(0)
FIRST, SECOND = (Code(*torch.randn(2, 5, 3, generator=MAKE, dtype=torch.float64)) for _ in range(2))


def test_divergence_is_that_of_torch():
    own = torch.distributions.Normal(FIRST.mean, FIRST.deviation)
    unit = torch.distributions.Normal(torch.zeros_like(FIRST.mean), torch.ones_like(FIRST.mean))
    torch.testing.assert_close(from_unit(FIRST), torch.distributions.kl_divergence(own, unit).sum(1))


def test_distance_by_loops_and_by_coupling():
    found = wasserstein(FIRST, SECOND)
    for i in range(5):
        total = 0.0
        for d in range(3):
            total += float(FIRST.mean[i, d] - SECOND.mean[i, d]) ** 2
            total += (
                math.exp(float(FIRST.log_variance[i, d]) / 2) - math.exp(float(SECOND.log_variance[i, d]) / 2)
            ) ** 2
        assert abs(float(found[i]) - math.sqrt(total)) < 1e-12
    # the same noise for both is the best coupling of Gaussians of independent dimensions
    draws = [torch.stack([sampled(c, torch.Generator().manual_seed(s)) for s in range(4000)]) for c in (FIRST, SECOND)]
    torch.testing.assert_close((draws[0] - draws[1]).square().sum(2).mean(0).sqrt(), found, rtol=0.05, atol=0.0)


def test_where_they_meet_the_distance_is_nought_and_its_gradient_finite():
    mean = torch.zeros(2, 3, requires_grad=True)
    wasserstein(Code(mean, torch.zeros(2, 3)), Code(torch.zeros(2, 3), torch.zeros(2, 3))).sum().backward()
    assert mean.grad.isfinite().all()


def test_each_dimension_has_a_draw_of_its_own():
    code = Code(torch.zeros(1000, 2), torch.full((1000, 2), 2 * math.log(3.0)))
    torch.manual_seed(0)
    found = sampled(code)
    assert abs(float(torch.corrcoef(found.T)[0, 1])) < 0.1 and abs(float(found.std()) - 3) < 0.2
