"""What tests of embeddings share: a batch with several images a class, and its cosines by loops."""

import dataclasses

import torch

from tests.kit.methods import CONTEXT, dot, made, unit

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 3, 0])
"""Of one batch: four classes of two to four images."""
SIZE, DIMENSIONS, CLASSES = len(LABELS), 5, 6
"""Two of the classes are not in the batch."""
CONTEXT_OF_SIX = dataclasses.replace(
    CONTEXT, num_classes=CLASSES, class_counts=(8,) * CLASSES, feature_dim=DIMENSIONS, batch_size=SIZE
)


def points(seed=3, spread=1.0):
    """Embeddings (12, 5) float64, those of a class near each other."""
    make = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, DIMENSIONS, generator=make, dtype=torch.float64)
    return centres[LABELS] + spread * torch.randn(SIZE, DIMENSIONS, generator=make, dtype=torch.float64)


def directions(seed=5):
    """Of six classes, (6, 5) float64."""
    make = torch.Generator().manual_seed(seed)
    return torch.randn(CLASSES, DIMENSIONS, generator=make, dtype=torch.float64)


def rows(a, b=None):
    """Cosines of two sets of vectors, a list for each of the first."""
    units = [[unit(row) for row in of.tolist()] for of in (a, a if b is None else b)]
    return [[dot(x, y) for y in units[1]] for x in units[0]]


def matrix(a, b=None):
    """The same as a tensor, float64."""
    return torch.tensor(rows(a, b), dtype=torch.float64)


def pairs(labels=LABELS):
    """(i, those of its class, those of others) of every image."""
    y = labels.tolist()
    for i in range(len(y)):
        own = [j for j in range(len(y)) if j != i and y[j] == y[i]]
        yield i, own, [j for j in range(len(y)) if y[j] != y[i]]


def centred(cls, **settings):
    """A loss with class centres, built for six classes, its directions those of `directions`."""
    method = made(cls, context=CONTEXT_OF_SIX, **settings).double()
    with torch.no_grad():
        method.head.weight.copy_(directions())
    return method


def value(method, seed=3, spread=1.0, labels=LABELS):
    """The loss of a method with class centres on a batch, a number."""
    z = points(seed, spread)
    return method.centre_loss(matrix(z, method.head.weight.detach()), labels, z).item()


def every_gradient_is_finite(method, z, labels=LABELS):
    """Of a loss on pairs, with respect to embeddings (B, D)."""
    z = z.clone().float().requires_grad_()
    loss = method.pair_loss(z, labels)
    loss.backward()
    return bool(loss.isfinite()) and bool(z.grad.isfinite().all())
