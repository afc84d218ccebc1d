"""Vectors that are spread over tensors, against the same in one piece."""

import torch

from pipeline.ops.sharpness import ascent
from pipeline.ops.vectors import across, combined, dot, flat, length, split

SHAPES = ((3, 2), (4,), (1, 2, 2))


def drawn(seed):
    draws = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=draws, dtype=torch.float64) for shape in SHAPES]


def test_as_in_one_piece():
    a, b = drawn(1), drawn(2)
    torch.testing.assert_close(dot(a, b), flat(a) @ flat(b))
    torch.testing.assert_close(length(a), flat(a).norm())
    torch.testing.assert_close(flat(ascent(a, 3.0)), 3 * flat(a) / flat(a).norm())
    torch.testing.assert_close(flat(combined((2.0, a), (-0.5, b))), 2 * flat(a) - 0.5 * flat(b))
    assert all(torch.equal(one, other) for one, other in zip(split(flat(a), a), a, strict=True))


def test_what_is_across_is_orthogonal_and_the_rest_is_along():
    a, b = drawn(1), drawn(2)
    aside = across(a, b)
    torch.testing.assert_close(dot(aside, b), torch.zeros((), dtype=torch.float64), atol=1e-12, rtol=0)
    along = flat(a) - flat(aside)
    torch.testing.assert_close(along * flat(b).norm(), along.norm() * flat(b) * (along @ flat(b)).sign())


def test_nothing_has_a_length_with_a_finite_slope():
    zeros = [torch.zeros(3, requires_grad=True)]
    length(zeros).backward()
    assert zeros[0].grad.isfinite().all() and not torch.stack(ascent(zeros, 1.0)).any()
