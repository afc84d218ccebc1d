"""Gradients of each example apart, of classifiers in which no example changes what another gives."""

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap

from pipeline.ops.vectors import flat


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

    return flat(vmap(grad(loss), (None, 0, 0))(network.learnt(), images, labels).values(), 1)


def jacobian(method: Any, images: Tensor) -> Tensor:
    """(B, K, d) the gradient of each logit of each example."""
    network = Logits(method)

    def logits(weights: dict[str, Tensor], image: Tensor) -> Tensor:
        found: Tensor = functional_call(network, weights, (image[None],))[0]
        return found

    return flat(vmap(jacrev(logits), (None, 0))(network.learnt(), images).values(), 2)
