"""Whitened vectors by their covariance and their dependence on what they were, and what cannot be whitened."""

import torch

from pipeline.ops.covariance import covariance
from pipeline.ops.whitening import whitened
from tests.kit.methods import pair


def test_whitened_vectors_have_identity_covariance_and_keep_triangular_dependence():
    torch.manual_seed(2)
    z = torch.randn(4, 30, 5) @ torch.randn(5, 5) + 3
    white = whitened(z)
    for group, original in zip(white, z, strict=True):
        torch.testing.assert_close(group.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
        torch.testing.assert_close(covariance(group), torch.eye(5), atol=1e-5, rtol=0)
        first = original[:, 0] - original[:, 0].mean()
        torch.testing.assert_close(group[:, 0], first / original[:, 0].std(), atol=1e-5, rtol=1e-4)


def test_whitening_shrinks_towards_no_whitening_and_marks_what_it_cannot_whiten():
    z, _ = pair()
    torch.testing.assert_close(whitened(z, 1.0), z - z.mean(0))
    assert whitened(z[:3]).isnan().all(), "three vectors in five dimensions"
    assert whitened(z[:3], 0.1).isfinite().all()
