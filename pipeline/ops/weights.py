"""The weights of a network as matrices whose rows make one output each."""

from torch import Tensor, nn
from torch.linalg import vector_norm


def weighted_layers(module: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """All convolutions and linear maps inside, in order."""
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def row_lengths(weight: Tensor) -> Tensor:
    """(out,) Euclidean lengths of the rows of a matrix (out, in) or kernel (out, in, h, w)."""
    return vector_norm(weight, dim=tuple(range(1, weight.ndim)))
