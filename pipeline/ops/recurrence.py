"""A recurrent layer that reads columns, and weights to start it with."""

import torch
from torch import Tensor, nn

UNITS = 50
CONNECTED = 15
"""So many states does each unit see at the start."""
RADIUS = 0.95
"""The spectral radius of the recurrent weights at the start."""


class Recurrence(nn.Module):
    """h_k = tanh(W h_{k-1} + U x_k + b) with h_0 = 0; the output is the last state (B, UNITS)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.reading = nn.Linear(inputs, UNITS)
        self.recurrent = nn.Parameter(sparse(UNITS, CONNECTED, RADIUS))
        nn.init.normal_(self.reading.weight, std=0.1)
        nn.init.zeros_(self.reading.bias)

    def states(self, images: Tensor) -> list[Tensor]:
        """The states (B, UNITS) after each column of images (B, C, H, W)."""
        driven = self.reading(images.flatten(1, 2).permute(2, 0, 1))
        state, found = torch.zeros_like(driven[0]), []
        for each in driven.unbind(0):
            state = torch.addmm(each, state, self.recurrent.t()).tanh()
            found.append(state)
        return found

    def forward(self, images: Tensor) -> Tensor:
        return self.states(images)[-1]


def sparse(units: int, connected: int, radius: float) -> Tensor:
    """(units, units) normal weights, of which `connected` in each row are not zero, scaled to a spectral radius."""
    weights = torch.zeros(units, units, dtype=torch.float64)
    for row in weights:
        row[torch.randperm(units)[:connected]] = torch.randn(connected, dtype=torch.float64)
    return (weights * (radius / torch.linalg.eigvals(weights).abs().max())).float()
