"""Random rotations of many dimensions that need neither the memory nor the time of a matrix."""

import torch
from torch import Tensor

BLOCK = 128
ROUNDS = 3
"""So many that each coordinate becomes a mixture of all: 128^3 is two million."""


class Rotation:
    """An orthogonal map of R^d: thrice a permutation, then an orthogonal matrix on each `BLOCK` coordinates in turn.

    The matrix, of each round, is the same for all blocks but for what is left over at the end, which has its own.
    """

    def __init__(self, dimensions: int, seed: int) -> None:
        draws = torch.Generator().manual_seed(seed)
        self.whole = dimensions // BLOCK * BLOCK
        sizes = (BLOCK, dimensions - self.whole)
        self.orders = [torch.randperm(dimensions, generator=draws) for _ in range(ROUNDS)]
        self.matrices = [[orthogonal(size, draws) for size in sizes] for _ in range(ROUNDS)]

    def there(self, vector: Tensor) -> Tensor:
        """R v of (d,)."""
        for order, matrices in zip(self.orders, self.matrices, strict=True):
            vector = self._turned(vector[order.to(vector.device)], matrices)
        return vector

    def back(self, vector: Tensor) -> Tensor:
        """R^T v of (d,)."""
        for order, matrices in zip(reversed(self.orders), reversed(self.matrices), strict=True):
            turned = self._turned(vector, [matrix.T for matrix in matrices])
            vector = torch.empty_like(turned).index_copy_(0, order.to(vector.device), turned)
        return vector

    def _turned(self, vector: Tensor, matrices: list[Tensor]) -> Tensor:
        main, rest = (matrix.to(vector) for matrix in matrices)
        return torch.cat([(vector[: self.whole].view(-1, BLOCK) @ main).flatten(), vector[self.whole :] @ rest])


def orthogonal(size: int, generator: torch.Generator) -> Tensor:
    """(size, size), uniform among all, in float64."""
    found, triangle = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    return found * triangle.diagonal().sign()
