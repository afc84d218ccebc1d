"""Whitening by eigenvalues of the sums, and roots that are kept for a while."""

import torch

from pipeline.methods.optimizer.shampoo import Shampoo, inverse_root
from tests.kit.optimizers import DECAY, RATE, check_different, course, fresh


def root(matrix):
    u, sizes, _ = torch.linalg.svd(matrix)
    return u @ torch.diag(sizes**-0.25) @ u.T


def test_against_the_sums():
    velocity, sums, roots = {}, {}, {}
    for t, (before, gradients, after) in enumerate(course(fresh(Shampoo, renewal=2))):
        for number, (weight, slope, now) in enumerate(zip(before, gradients, after, strict=True)):
            g = (slope + (DECAY if weight.ndim > 1 else 0.0) * weight).reshape(len(weight), -1)
            if weight.ndim > 1:
                left, right = sums.get(number, tuple(1e-4 * torch.eye(n, dtype=g.dtype) for n in g.shape))
                sums[number] = left + g @ g.T, right + g.T @ g
                if t % 2 == 0:
                    roots[number] = [root(each) for each in sums[number]]
                step = roots[number][0] @ g @ roots[number][1]
            else:
                sums[number] = sums.get(number, 0.0) + g.square()
                step = g / (sums[number] + 1e-4).sqrt()
            velocity[number] = 0.9 * velocity.get(number, 0.0) + step
            want = weight - RATE * velocity[number].reshape(weight.shape)
            torch.testing.assert_close(now, want, rtol=1e-5, atol=1e-6)  # the sums begin at a float32


def test_roots_that_are_kept_are_not_those_of_now():
    check_different(fresh(Shampoo, renewal=1), fresh(Shampoo, renewal=3))


def test_a_sum_that_overflowed_has_no_root():
    assert inverse_root(torch.full((3, 3), float("inf"))).isnan().all()
