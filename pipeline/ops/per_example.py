"""Gradients of each example apart, of classifiers in which no example changes what another gives."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap


class Logits(nn.Module):
    """A classifier as a function from images (B, ...) to logits (B, K)."""

    def __init__(self, method: Any) -> None:
        super().__init__()
        self.method = method

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.method.logits(self.method.encoder(images))
        return found

    def learnt(self) -> dict[str, Tensor]:
        """The parameters by name, without their graphs."""
        return {name: weight.detach() for name, weight in self.named_parameters() if weight.requires_grad}


def gradients(method: Any, images: Tensor, labels: Tensor) -> Tensor:
    """(B, d) the gradient of each example's objective in all parameters."""
    network = Logits(method)

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        found: Tensor = method.objective(functional_call(network, weights, (image[None],)), label[None])
        return found

    return joined(vmap(grad(loss), (None, 0, 0))(network.learnt(), images, labels).values(), 1)


def jacobian(method: Any, images: Tensor) -> Tensor:
    """(B, K, d) the gradient of each logit of each example."""
    network = Logits(method)

    def logits(weights: dict[str, Tensor], image: Tensor) -> Tensor:
        found: Tensor = functional_call(network, weights, (image[None],))[0]
        return found

    return joined(vmap(jacrev(logits), (None, 0))(network.learnt(), images).values(), 2)


def joined(parts: Iterable[Tensor], start: int = 0) -> Tensor:
    """One axis of all entries in place of the axes from `start` on, tensor by tensor."""
    return torch.cat([part.flatten(start) if part.ndim > start else part[..., None] for part in parts], start)


def give(parameters: Sequence[Tensor], vector: Tensor) -> None:
    """Make the parts of a vector (d,) the parameters' gradients."""
    parts = vector.split([parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        # in memory as the parameter lies, as a fused step takes for granted
        parameter.grad = torch.empty_like(parameter).copy_(part.view(parameter.shape))
