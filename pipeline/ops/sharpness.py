"""Climbing and coming back: what sharpness-aware steps do to parameters and buffers."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

STABLE = 1e-12


@torch.no_grad()
def ascent(gradients: list[Tensor], radius: float) -> list[Tensor]:
    """radius g / |g| with |g| over all the gradients together; zeros where that is 0."""
    norm = torch.nn.utils.get_total_norm(gradients)
    return list(torch._foreach_mul(gradients, radius / (norm + STABLE)))


@contextlib.contextmanager
def displaced(parameters: list[Tensor], steps: list[Tensor]) -> Iterator[None]:
    """With the parameters moved by `steps`; afterwards they are what they were, to the last bit."""
    with torch.no_grad():
        kept = [parameter.clone() for parameter in parameters]
        torch._foreach_add_(parameters, steps)
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_(parameters, kept)


@torch.no_grad()
def remembered(module: nn.Module) -> list[Tensor]:
    """Copies of all buffers: running statistics, queues, counters."""
    return [buffer.clone() for buffer in module.buffers()]


@torch.no_grad()
def remember(module: nn.Module, buffers: list[Tensor]) -> None:
    """Put back what `remembered` returned."""
    for buffer, kept in zip(module.buffers(), buffers, strict=True):
        buffer.copy_(kept)


def rewound(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Afterwards the global generators of the CPU and of a CUDA device stand where they stood before."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])
