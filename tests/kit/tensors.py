"""What an object holds."""

import torch


def all_tensors(value):
    """Every tensor within an object, or in containers and objects of such."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from all_tensors(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from all_tensors(part)
    elif hasattr(value, "__dict__") and not isinstance(value, type | torch.Generator):
        yield from all_tensors(vars(value))
