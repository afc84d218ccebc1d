"""The Hessian's products written out, its diagonal where it is exact, and what is averaged."""

import copy
import math

import pytest
import torch

from pipeline.methods.optimizer.ada_hessian import AdaHessian
from tests.kit.classifiers import doubled
from tests.kit.methods import batch
from tests.kit.optimizers import DECAY, RATE, check_different, course, fresh


def product(method, data, signs, size=1e-8):
    """H z by central differences of the gradient."""
    slopes = []
    for side in (size, -size):
        moved = copy.deepcopy(method)
        with torch.no_grad():
            for weight, sign in zip(moved.parameters(), signs, strict=True):
                weight += side * sign
        slopes.append(torch.autograd.grad(moved.loss(data), list(moved.parameters())))
    return [(a - b) / (2 * size) for a, b in zip(*slopes, strict=True)]


@pytest.mark.parametrize(("spatial", "signed"), [(True, False), (False, False), (True, True)])
def test_the_diagonal_is_of_products_with_random_signs(spatial, signed):
    method, data = fresh(AdaHessian, spatial=spatial, signed=signed), doubled(batch(("full",)))
    torch.manual_seed(3)
    signs = [2.0 * torch.randint_like(weight, high=2) - 1 for weight in method.parameters()]
    wanted = product(method, data, signs)
    torch.manual_seed(3)
    method.backward(data)
    for found, sign, want in zip(method.diagonals(), signs, wanted, strict=True):
        want = sign * want if signed else want.abs()
        if spatial and want.ndim == 4:
            want = want.mean((2, 3), keepdim=True).expand_as(want)
        torch.testing.assert_close(found, want, rtol=1e-4, atol=1e-7)


def test_against_numbers():
    kept, method = {}, fresh(AdaHessian, beta2=0.98, power=0.5)
    diagonals, backward = [], method.backward

    def noted(data):
        loss = backward(data)
        diagonals.append([each.clone() for each in method.diagonals()])
        return loss

    method.backward = noted
    for t, (before, gradients, after) in enumerate(course(method), 1):
        for number, parts in enumerate(zip(before, gradients, diagonals[t - 1], after, strict=True)):
            decay = DECAY if parts[0].ndim > 1 else 0.0
            for i, (w, g, d, new) in enumerate(zip(*(part.flatten().tolist() for part in parts), strict=True)):
                m, v = kept.get((number, i), (0.0, 0.0))
                m, v = kept[number, i] = 0.9 * m + 0.1 * g, 0.98 * v + 0.02 * d * d
                size = math.sqrt(v / (1 - 0.98**t)) ** 0.5 + 1e-4
                assert new == pytest.approx(w - RATE * (m / (1 - 0.9**t) / size + decay * w), rel=1e-9, abs=1e-12)


def test_curvature_is_kept_between_renewals():
    method = fresh(AdaHessian, renewal=3)
    course(method, 1)
    first = [each.clone() for each in method.diagonals()]
    course(method, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, method.diagonals(), strict=True))
    course(method, 1)
    assert not all(torch.equal(a, b) for a, b in zip(first, method.diagonals(), strict=True))


def test_the_mean_over_places_matters():
    check_different(fresh(AdaHessian), fresh(AdaHessian, spatial=False))
