"""What tests of semi-supervised classifiers share: batches with a stream, and the logits of both parts."""

import dataclasses

import torch

from tests.kit.classifiers import doubled
from tests.kit.methods import SIZE, batch, made, unlabelled


def data(cls, ratio=2, seed=2):
    """A batch of labelled images and `ratio` times as many in the stream."""
    return batch(("full",), seed=seed, unlabelled=unlabelled(cls.streams["unlabelled"], ratio * SIZE, seed + 50))


def double(of):
    """The batch and its streams in float64."""
    return dataclasses.replace(doubled(of), streams={name: doubled(part) for name, part in of.streams.items()})


def at_the_end(cls, **settings):
    """A member at a step where its unlabelled images count in full."""
    method = made(cls, **settings)
    method.progress = 0.99
    return method


def logits_of(method, given):
    """Logits of labelled images and of each view of the stream, as one batch."""
    views = [given.views[0], *given["unlabelled"].views]
    with torch.no_grad():
        return method.logits(method.encoder(torch.cat(views))).split([len(view) for view in views])


def fixed_steps(stream, steps=6, size=8):
    """Batches of a stream with float64 logits (size, 3) of a weak and a strong view, by a formula and not by chance."""
    for number in range(steps):
        given = unlabelled(("full", "strong"), size)
        given.indices = (torch.arange(size) + 3 * number) % stream
        at = torch.arange(size * 3, dtype=torch.float64).view(size, 3) + number
        yield given, 4 * (1.7 * at).sin() + torch.tensor([1.5, 0.0, -1.0], dtype=torch.float64), 2 * (2.3 * at).cos()


# three labelled images, and five unlabelled ones in a weak and a strong view
LABELLED = torch.tensor([[1.5, -0.5, 0.25], [0.0, 2.0, -1.0], [0.75, 0.5, -0.25]], dtype=torch.float64)
WEAK = torch.tensor([[4, 0, -1], [0.5, 0, 3.75], [1, 2.5, 0], [0, -2, 1], [-1, 5, 0.5]], dtype=torch.float64)
STRONG = torch.tensor([[1, 0.5, 0], [2, 0.25, 1], [0, 0, 1.5], [-0.5, 1, 0], [0.5, 0.75, -1]], dtype=torch.float64)
