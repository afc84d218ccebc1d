"""What the states of optimisers that are methods have in common.

`training.optim` has the same for the studies' own optimisers, and is left as it is: every published run rests on it.
"""

from typing import Any

import torch
from torch import Tensor


def kept(states: list[dict[str, Any]], name: str, parameters: list[Tensor]) -> list[Tensor]:
    """The tensors of a name in the parameters' states, at first zeros."""
    for state, parameter in zip(states, parameters, strict=True):
        if name not in state:
            state[name] = torch.zeros_like(parameter)
    return [state[name] for state in states]
