"""The divergence of codes against torch's distributions, and the moments of what is drawn."""

import torch
from torch.distributions import Normal, kl_divergence

from pipeline.ops.codes import divergence, drawn
from tests.kit.methods import pair


def test_divergence_is_that_of_the_standard_gaussian_summed_over_dimensions():
    mean, log_variance = pair()
    each = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(()), torch.ones(())))
    torch.testing.assert_close(divergence(mean, log_variance), each.sum(1).mean())
    assert float(divergence(torch.zeros(3, 2), torch.zeros(3, 2))) == 0


def test_codes_have_the_mean_and_variance_they_are_drawn_by_and_pass_the_gradient_to_both():
    torch.manual_seed(0)
    mean, log_variance = torch.tensor([[1.0, -2.0]]).requires_grad_(), torch.tensor([[0.0, 2.0]]).requires_grad_()
    codes = drawn(mean.expand(20000, 2), log_variance.expand(20000, 2))
    torch.testing.assert_close(codes.mean(0), mean[0], atol=0.05, rtol=0)
    torch.testing.assert_close(codes.var(0), log_variance[0].exp(), atol=0, rtol=0.05)
    codes.square().mean(0).sum().backward()
    # E z^2 = mean^2 + variance
    torch.testing.assert_close(mean.grad, 2 * mean.detach(), atol=0.1, rtol=0)
    torch.testing.assert_close(log_variance.grad, log_variance.detach().exp(), atol=0, rtol=0.1)
