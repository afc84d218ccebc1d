"""Small classifiers of rows, fitted from scratch in milliseconds: what rounds of labelling fit again and again."""

import itertools
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.logistic import fit_multinomial

HIDDEN = (64, 64)
BETAS, EPSILON = (0.9, 0.999), 1e-8


class Fitted(Protocol):
    """A fitted classifier of rows (N, D)."""

    def features(self, rows: Tensor) -> Tensor:
        """(N, F): what its last, linear layer sees."""
        ...

    def logits(self, rows: Tensor) -> Tensor:
        """(N, K)"""
        ...

    def probabilities(self, rows: Tensor) -> Tensor:
        """(N, K) float64"""
        ...

    def sampled(self, rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """(count, N, K) float64 probabilities by as many draws of its dropout."""
        ...


class _Softmax:
    def logits(self, rows: Tensor) -> Tensor:
        raise NotImplementedError

    def probabilities(self, rows: Tensor) -> Tensor:
        return self.logits(rows).double().softmax(1)


@dataclass(frozen=True)
class Logistic(_Softmax):
    weights: Tensor
    """(D + 1, K) float64, the biases last."""

    def features(self, rows: Tensor) -> Tensor:
        return rows

    def logits(self, rows: Tensor) -> Tensor:
        return rows.double() @ self.weights[:-1] + self.weights[-1]

    def sampled(self, rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """Without dropout there is one answer."""
        return self.probabilities(rows).expand(count, -1, -1)


def fit_logistic(rows: Tensor, labels: Tensor, classes: int, penalty: float) -> Logistic:
    """Multinomial logistic regression with mean cross-entropy + penalty |W|^2 / 2, the biases free.

    W lies in the span of the rows (N, D): where they are fewer than columns it is solved in coordinates of that.
    """
    rows = rows.double()
    basis = torch.linalg.qr(rows.T).Q if len(rows) < rows.shape[1] else None
    found = fit_multinomial(rows if basis is None else rows @ basis, labels, classes, l2=penalty)
    weights = found.checked("logistic regression")
    return Logistic(weights if basis is None else torch.cat([basis @ weights[:-1], weights[-1:]]))


@dataclass(frozen=True)
class Network(_Softmax):
    layers: tuple[tuple[Tensor, Tensor], ...]
    """Weights (O, I) and biases (O,), with ReLU and dropout between them."""
    dropout: float

    def features(self, rows: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """With a generator, under dropout."""
        for weight, bias in self.layers[:-1]:
            rows = F.linear(rows, weight, bias).relu()
            if generator is not None and self.dropout:
                kept = torch.rand(rows.shape, generator=generator).to(rows.device) >= self.dropout
                rows = rows * kept / (1 - self.dropout)
        return rows

    def logits(self, rows: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return F.linear(self.features(rows, generator), *self.layers[-1])

    def sampled(self, rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
        return torch.stack([self.logits(rows, generator).double().softmax(1) for _ in range(count)])


def fit_network(
    rows: Tensor,
    labels: Tensor,
    classes: int,
    generator: torch.Generator,
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float,
    dropout: float,
) -> Network:
    """A network of two hidden layers, by `steps` of Adam (Kingma and Ba 2015) on all rows (N, D) at once.

    Weights begin as torch's linear layers do, uniform within 1 / sqrt(inputs). The decay is part of the loss, half of
    it times the squared weights and biases. All numbers of the network are one vector: a step is a few operations.
    """
    widths = [rows.shape[1], *HIDDEN, classes]
    shapes = [shape for i, o in itertools.pairwise(widths) for shape in ((o, i), (o,))]
    bounds = [i**-0.5 for i in widths[:-1] for _ in range(2)]
    parts = [
        bound * (2 * torch.rand(shape, generator=generator) - 1) for shape, bound in zip(shapes, bounds, strict=True)
    ]
    sizes = [part.numel() for part in parts]
    point = torch.cat([part.flatten() for part in parts]).to(rows.device)
    mean, square = torch.zeros_like(point), torch.zeros_like(point)

    def network(at: Tensor) -> Network:
        found = [part.view(shape) for part, shape in zip(at.split(sizes), shapes, strict=True)]
        return Network(tuple(zip(found[::2], found[1::2], strict=True)), dropout)

    for step in range(1, steps + 1):
        with torch.enable_grad():
            at = point.detach().requires_grad_()
            loss = F.cross_entropy(network(at).logits(rows, generator), labels)
            (gradient,) = torch.autograd.grad(loss, at)
        gradient = gradient + weight_decay * point
        mean.lerp_(gradient, 1 - BETAS[0])
        square.lerp_(gradient.square(), 1 - BETAS[1])
        corrected = (square / (1 - BETAS[1] ** step)).sqrt_().add_(EPSILON)
        point = point - learning_rate / (1 - BETAS[0] ** step) * mean / corrected
    return network(point)
