"""Steps of training that are taken to see where they lead, and then taken back."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import nn
from torch.optim import Optimizer


@torch.no_grad()
def remembered(modules: Iterable[nn.Module], optimizers: Sequence[Optimizer]) -> Callable[[], None]:
    """What puts weights, buffers and the optimisers' state back to what they are now, as often as it is called."""
    values = [value for module in modules for value in module.state_dict().values()]
    kept = [value.clone() for value in values]
    states = [_copied(optimizer.state) for optimizer in optimizers]

    @torch.no_grad()
    def put_back() -> None:
        for value, old in zip(values, kept, strict=True):
            value.copy_(old)
        for optimizer, state in zip(optimizers, states, strict=True):
            optimizer.state.clear()
            optimizer.state.update(_copied(state))

    return put_back


def _copied(state: dict) -> dict:
    """An optimiser's state with tensors of its own."""
    return {
        parameter: {name: value.clone() if torch.is_tensor(value) else value for name, value in found.items()}
        for parameter, found in state.items()
    }
