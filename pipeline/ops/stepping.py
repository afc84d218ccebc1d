"""What the states of optimisers have in common."""

from typing import Any

import torch
from torch import Tensor


def kept(states: list[dict[str, Any]], name: str, parameters: list[Tensor]) -> list[Tensor]:
    """The tensors of a name in the parameters' states, at first zeros."""
    for state, parameter in zip(states, parameters, strict=True):
        if name not in state:
            state[name] = torch.zeros_like(parameter)
    return [state[name] for state in states]
