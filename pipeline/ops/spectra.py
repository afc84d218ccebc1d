"""The spectral radius of a matrix, and the product of the spectral norms of a network's matrices."""

from collections.abc import Iterable

import torch
from torch import Tensor


def spectral_radius(matrix: Tensor) -> float:
    """The largest absolute value of the eigenvalues of (n, n); infinite where entries are not finite."""
    if not matrix.isfinite().all():
        return float("inf")
    return float(torch.linalg.eigvals(matrix.detach().double()).abs().max())


def log_product(weights: Iterable[Tensor]) -> Tensor:
    """log prod |W|^2 over all weights with two axes or more, of which the first is kept and the others are joined.

    Half of it is the log of a bound on the Lipschitz constant of linear layers with ReLU between them. The direction in
    which a matrix stretches most is found without gradient: that of log |W^T u|^2 for a fixed u is the norm's there.
    """
    total = torch.zeros(())
    for weight in weights:
        if weight.ndim > 1:
            matrix = weight.flatten(1)
            matrix = matrix if len(matrix) <= len(matrix.T) else matrix.T
            with torch.no_grad():
                square = matrix @ matrix.T
                # of weights that have run away no eigenvector can be found, and the loss is to say that they have
                lost = not square.isfinite().all()
                direction = square[0] if lost else torch.linalg.eigh(square).eigenvectors[:, -1]
            total = total.to(matrix) + (direction @ matrix).square().sum().log()
    return total
