"""The marginal likelihood by a chain of Student's t, ratios of splits, and figures of the authors' code."""

import math

import pytest
import torch

from pipeline.ops.normal_inverse_wishart import Prior, log_gamma


def points(count, dim=3, seed=0, shift=0.0):
    return torch.randn(count, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 0.3 + shift


def prior(dim=3, **given):
    settings = {"kappa": 0.5, "freedom": dim + 1.5, "scale": 0.7, **given}
    return Prior(torch.full((dim,), 0.1, dtype=torch.float64), **settings)


def chain(of, x):
    """log p(x_1) p(x_2 | x_1) ...: each a multivariate Student's t, the prior renewed after every point."""
    dim = x.shape[1]
    centre, kappa, nu = of.centre, of.kappa, of.freedom
    psi, total = of.scale * torch.eye(dim, dtype=torch.float64), 0.0
    for point in x:
        free = nu - dim + 1
        shape = psi * (kappa + 1) / (kappa * free)
        distance = float((point - centre) @ torch.linalg.inv(shape) @ (point - centre))
        total += math.lgamma((free + dim) / 2) - math.lgamma(free / 2) - 0.5 * dim * math.log(free * math.pi)
        total -= 0.5 * math.log(float(torch.linalg.det(shape))) + 0.5 * (free + dim) * math.log1p(distance / free)
        off = point - centre
        psi = psi + kappa / (kappa + 1) * off[:, None] * off
        centre = (kappa * centre + point) / (kappa + 1)
        kappa, nu = kappa + 1, nu + 1
    return total


@pytest.mark.parametrize("count", [1, 2, 9])
def test_the_likelihood_is_a_chain_of_predictions(count):
    x = points(count)
    assert prior().log_likelihood(x) == pytest.approx(chain(prior(), x), rel=1e-10)


def test_no_points_are_certain_and_the_order_does_not_matter():
    x = points(7)
    assert prior().log_likelihood(x[:0]) == 0.0
    assert prior().log_likelihood(x.flip(0)) == pytest.approx(prior().log_likelihood(x), rel=1e-12)


def test_the_gamma_function_of_several_variables():
    for x, dim in ((5.5, 1), (9.0, 4)):
        whole = log_gamma(x, dim) + dim * (dim - 1) / 4 * math.log(math.pi)
        assert whole == pytest.approx(float(torch.mvlgamma(torch.tensor(x, dtype=torch.float64), dim)), rel=1e-12)


def test_two_groups_are_two_and_one_cut_in_two_is_one():
    weak = prior(kappa=1e-4, freedom=4, scale=0.005)
    x = points(200)
    lower = x[:, 0] < x[:, 0].median()
    assert weak.log_split_ratio(x[lower], x[~lower]) < -10
    assert weak.log_split_ratio(x, points(200, seed=1, shift=2.0)) > 100
    likely = prior().log_split_ratio(x[lower], x[~lower], concentration=10.0)
    assert likely == pytest.approx(prior().log_split_ratio(x[lower], x[~lower]) + math.log(10), rel=1e-9)


def test_against_the_authors_code():
    """DTennant/GPC, project_utils/cluster_utils.py and split_and_merge_ops.py, in float32 where they take gamma."""
    x = torch.tensor([[0.1, 0.2], [0.3, -0.1], [0.0, 0.4], [1.0, 1.2], [1.1, 0.9]], dtype=torch.float64)
    of = Prior(x.mean(0), 1e-4, 3, 0.005)
    found = [of.log_likelihood(part) for part in (x, x[:3], x[3:])]
    assert found == pytest.approx([-25.76770123814707, -7.596606440971181, -7.209771129151319], rel=1e-6)
    assert of.log_split_ratio(x[:3], x[3:]) == pytest.approx(8.47641701823657, rel=1e-6)
