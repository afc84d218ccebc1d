"""What tests of robust fine-tuning share: methods that go on from a trained classifier, and their weights in a row."""

import math

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import trained_base
from tests.kit.losses import log_softmax
from tests.kit.methods import batch, made, on, step


def tuned(cls, batch_norm=True, **settings):
    """A method upon a trained classifier, in training mode."""
    base = trained_base() if batch_norm else plain_base()
    return made(cls, batch_norm, on(base), **settings)


def plain_base():
    """A classifier without batch normalisation, whose loss at an example depends on no other."""
    base = made(CrossEntropy, batch_norm=False, seed=7)
    for number in range(3):
        step(base, batch(("full",), seed=number))
    return base.eval().requires_grad_(False)


def stepped(method, count=3, size=12):
    """After some steps."""
    for number in range(count):
        step(method, batch(("full",), size, seed=20 + number), epoch=0)
    return method


def flat_weights(method):
    return torch.cat([weight.detach().flatten() for weight in method.weights])


def network_weights(network):
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def divergence(reference, logits):
    """KL by loops, averaged over rows."""
    total = 0.0
    for told, now in zip(reference.tolist(), logits.tolist(), strict=True):
        p, q = log_softmax(told), log_softmax(now)
        total += sum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True))
    return total / len(logits)
