"""A first-in, first-out memory of feature vectors."""

import torch
from torch import Tensor, nn


class Queue(nn.Module):
    """The latest `length` of the (B, dim) vectors pushed, in buffers, so that a checkpoint holds them.

    It begins with random unit vectors, as MoCo's does; `full` says whether all of them have been replaced.
    """

    items: Tensor
    pushed: Tensor

    def __init__(self, length: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("items", nn.functional.normalize(torch.randn(length, dim)))
        self.register_buffer("pushed", torch.zeros((), dtype=torch.int64))

    @property
    def full(self) -> bool:
        return int(self.pushed) >= len(self.items)

    @torch.no_grad()
    def push(self, vectors: Tensor) -> None:
        """Replace the oldest items. Of more vectors than the queue is long, the last ones stay."""
        length = len(self.items)
        last = vectors[-length:]
        first = self.pushed + (len(vectors) - len(last))
        places = (first + torch.arange(len(last), device=self.items.device)) % length
        self.items[places] = last.to(self.items.dtype)
        self.pushed += len(vectors)
