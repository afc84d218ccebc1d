"""Second derivatives of a loss in weights, against Hessians that are written out."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.metrics import (
    adaptive_sharpness,
    filter_rise,
    gradient_flatness,
    hessian_trace,
    lambda_max,
    lambda_min,
    random_sharpness,
    sam_sharpness,
)
from pipeline.ops.curvature import Ends, Surface, ends, filter_direction, signs
from pipeline.ops.vectors import flat


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    """A small network in float64 and what its loss is of; the second layer is not all reached."""
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    inputs, labels = torch.randn(12, 4).double(), torch.arange(12) % 3
    return module, inputs, labels


def surface_of(module, inputs, labels, chunk=5):
    def losses():
        for part, own in zip(inputs.split(chunk), labels.split(chunk), strict=True):
            yield F.cross_entropy(module(part), own, reduction="sum") / len(labels)

    return Surface(losses, list(module.parameters()))


def whole_hessian(module, inputs, labels):
    """(d, d), entry by entry by differentiating the gradient's entries one after the other."""
    weights = list(module.parameters())
    slope = flat(torch.autograd.grad(F.cross_entropy(module(inputs), labels), weights, create_graph=True))
    return torch.stack([flat(torch.autograd.grad(entry, weights, retain_graph=True)) for entry in slope])


def test_products_are_those_of_the_hessian(network):
    surface, matrix = surface_of(*network), whole_hessian(*network)
    vector = torch.randn(len(matrix), generator=drawn()).double()
    torch.testing.assert_close(surface.hessian()(vector), matrix @ vector)
    slope = flat(
        torch.autograd.grad(F.cross_entropy(network[0](network[1]), network[2]), list(network[0].parameters()))
    )
    torch.testing.assert_close(surface.slope(), slope)


def test_products_are_begun_anew_where_the_weights_have_moved(network):
    surface = surface_of(*network)
    times, vector = surface.hessian(), torch.ones(len(surface.point)).double()
    before = times(vector)
    with surface.moved(0.5 * vector):
        assert not torch.allclose(surface.hessian()(vector), before, rtol=0.01)
    torch.testing.assert_close(surface.hessian()(vector), before)
    with pytest.raises(RuntimeError, match="modified"):
        times(vector)


def test_the_ends_of_a_spectrum_are_the_least_and_the_greatest_eigenvalue(network):
    matrix = whole_hessian(*network)
    values = torch.linalg.eigvalsh(matrix)
    found = ends(surface_of(*network).hessian(), torch.randn(len(matrix), generator=drawn()).double(), 100, 1e-8)
    assert found.converged and found.iterations <= len(matrix)
    assert found.least == pytest.approx(float(values[0]), abs=1e-7)
    assert found.greatest == pytest.approx(float(values[-1]), abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_the_error_that_is_stated_bounds_the_error(seed):
    root = torch.randn(40, 40, generator=drawn(seed)).double()
    matrix = root + root.T
    values = torch.linalg.eigvalsh(matrix)
    for steps in (3, 8, 20):
        found = ends(lambda v, m=matrix: m @ v, torch.ones(40).double(), steps, 1e-12)
        assert min(abs(values - found.greatest)) <= found.error + 1e-9
        assert min(abs(values - found.least)) <= found.error + 1e-9
        assert found.converged is (found.error <= 1e-12 * max(abs(found.least), abs(found.greatest)))


def test_a_spectrum_of_few_values_is_found_in_as_many_steps():
    bends = torch.tensor([2.0, 2.0, -1.0, -1.0, 5.0]).double()
    found = ends(lambda v: bends * v, torch.ones(5).double(), 50)
    assert found.iterations <= 4 and found.converged
    assert (found.least, found.greatest) == (pytest.approx(-1.0), pytest.approx(5.0))


def paraboloid(bends, point):
    bends = torch.tensor(bends).double()
    weights = torch.tensor(point).double().requires_grad_()
    return Surface(lambda: [0.5 * (bends * weights.square()).sum()], [weights])


def test_measures_of_a_paraboloid_are_what_they_are_by_hand():
    surface = paraboloid([3.0, 1.0], [2.0, 0.0])  # the gradient is (6, 0)
    assert sam_sharpness.compute(surface, 0.1) == pytest.approx(1.5 * (2.1**2 - 2.0**2))
    assert adaptive_sharpness.compute(surface, 0.1) == pytest.approx(1.5 * (2.2**2 - 2.0**2))  # a tenth of 2
    assert gradient_flatness.compute(surface, 0.1) == pytest.approx(3 * 2.1)  # H g / |g| is (3, 0)
    found = hessian_trace.compute(surface, drawn(), 5)
    assert found[""] == pytest.approx(4.0) and found["error"] == pytest.approx(0.0, abs=1e-9)  # signs squared are 1
    risen = random_sharpness.compute(surface, 0.1, drawn(), 4000)
    assert risen == pytest.approx(0.5 * 0.1**2 * (3 + 1) / 2, abs=0.02)


def test_a_scaled_layer_and_its_inverse_change_the_rise_but_not_the_scaled_one():
    torch.manual_seed(0)
    first, second = nn.Linear(4, 6, bias=False).double(), nn.Linear(6, 3, bias=False).double()
    inputs, labels = torch.randn(20, 4).double(), torch.arange(20) % 3
    surface = surface_of(nn.Sequential(first, nn.ReLU(), second), inputs, labels)
    before = sam_sharpness.compute(surface, 0.05), adaptive_sharpness.compute(surface, 0.05)
    with torch.no_grad():
        first.weight *= 10
        second.weight /= 10
    after = sam_sharpness.compute(surface, 0.05), adaptive_sharpness.compute(surface, 0.05)
    assert after[1] == pytest.approx(before[1], rel=1e-9)
    assert after[0] != pytest.approx(before[0], rel=0.5)


def test_the_trace_is_within_its_error(network):
    trace = float(whole_hessian(*network).trace())
    found = hessian_trace.compute(surface_of(*network), drawn(1), 400)
    assert abs(found[""] - trace) < 4 * found["error"] < trace


def test_signs_are_signs_and_of_their_seed():
    found = signs(3, torch.zeros(50), drawn(7))
    assert found.abs().eq(1).all() and abs(float(found.mean())) < 0.4
    assert found.equal(signs(3, torch.zeros(50), drawn(7))) and not found.equal(signs(3, torch.zeros(50), drawn(8)))


def test_eigenvalues_are_given_with_the_logarithm_of_those_above_zero():
    assert lambda_max.compute(Ends(-1.0, 100.0, True, 3, 0.0)) == {"": 100.0, "log": pytest.approx(math.log10(100))}
    assert "above zero" in str(lambda_max.compute(Ends(-2.0, -1.0, True, 3, 0.0))["log"])
    assert lambda_min.compute(Ends(-2.0, -1.0, True, 3, 0.0)) == -2.0


def test_a_rise_leaves_the_weights_to_the_last_bit(network):
    surface = surface_of(*network)
    before = surface.point
    assert surface.rise(torch.ones_like(before)) != 0
    assert surface.point.equal(before)


def test_of_what_is_not_finite_no_eigenvalue_is_a_number():
    found = ends(lambda v: v * math.inf, torch.ones(4), 10)
    assert math.isnan(found.greatest) and not found.converged
    assert "above zero" in str(lambda_max.compute(found)["log"])


def test_directions_are_as_long_as_the_weights_row_by_row_and_leave_vectors(network):
    surface = surface_of(*network)
    found = surface.split(filter_direction(surface, drawn(2)))
    for weight, part in zip(surface.weights, found, strict=True):
        wanted = weight.detach().flatten(1).norm(dim=1) if weight.ndim > 1 else torch.zeros(())
        torch.testing.assert_close(part.flatten(1).norm(dim=1) if part.ndim > 1 else part.norm(), wanted.to(part))


def test_a_scaled_layer_and_its_inverse_do_not_change_the_rise_along_filters():
    torch.manual_seed(0)
    first, second = nn.Linear(4, 6, bias=False).double(), nn.Linear(6, 3, bias=False).double()
    surface = surface_of(nn.Sequential(first, nn.ReLU(), second), torch.randn(20, 4).double(), torch.arange(20) % 3)
    before = filter_rise.compute(surface, drawn(), 3)
    assert before["log"] == pytest.approx(math.log10(before[""])) and before[""] > 0
    with torch.no_grad():
        first.weight *= 10
        second.weight /= 10
    assert filter_rise.compute(surface, drawn(), 3)[""] == pytest.approx(before[""], rel=1e-9)
