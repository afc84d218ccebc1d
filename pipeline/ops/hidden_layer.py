"""A network of one hidden layer of logistic units, put together group by group."""

import torch
from torch import Tensor, nn


class HiddenLayer(nn.Module):
    """Rounds x size units on D columns, with K outputs; a group that was not put in gives 0."""

    inside: Tensor
    """(R, J, D) float64: weights of the units, with `threshold` (R, J)."""
    threshold: Tensor
    outside: Tensor
    """(R, J, K) float64: weights of the outputs, with `shift` (R, K) of each group."""
    shift: Tensor

    def __init__(self, rounds: int, size: int, columns: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("inside", torch.zeros(rounds, size, columns, dtype=torch.float64))
        self.register_buffer("threshold", torch.zeros(rounds, size, dtype=torch.float64))
        self.register_buffer("outside", torch.zeros(rounds, size, outputs, dtype=torch.float64))
        self.register_buffer("shift", torch.zeros(rounds, outputs, dtype=torch.float64))

    def clear(self) -> None:
        for buffer in self.buffers():
            buffer.zero_()

    def put(self, place: int, inside: Tensor, threshold: Tensor, outside: Tensor, shift: Tensor) -> None:
        """Keep a group's weights, (J, D), (J,), (J, K) and (K,)."""
        for buffer, value in zip(self.buffers(), (inside, threshold, outside, shift), strict=True):
            buffer[place] = value.to(buffer)

    def hidden(self, rows: Tensor, rounds: int) -> Tensor:
        """(rounds, B, J) float64: the units of the first groups at rows (B, D)."""
        sums = torch.einsum("bd,rjd->rbj", rows.double(), self.inside[:rounds])
        return torch.sigmoid(sums + self.threshold[:rounds, None])

    def forward(self, rows: Tensor, rounds: int) -> Tensor:
        """(rounds, B, K) float64: what each of the first groups gives for rows (B, D)."""
        return self.hidden(rows, rounds) @ self.outside[:rounds] + self.shift[:rounds, None]
