"""Principal components."""

import torch
from torch import Tensor


def plane(points: Tensor) -> Tensor:
    """(N, 2) float32: points (N, D) about their mean along their two principal axes.

    An axis points to where its own largest entry is positive, so that the same points give the same picture. Of points
    of one dimension, or of one point, what is missing is 0.
    """
    centred = points.double() - points.double().mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    found = centred.new_zeros(len(points), 2)
    found[:, : len(axes)] = centred @ axes.T
    return found.float()


def principal(points: Tensor, count: int) -> Tensor:
    """(N, count) float64: points (N, D) about their mean along their first principal axes, or along all D."""
    centred = points.double() - points.double().mean(0)
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)
    return centred @ axes[:, :count]
