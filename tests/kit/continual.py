"""What tests of continual discovery share: two old classes and two sessions of one new class each, and one of two."""

import dataclasses

import torch

from tests.kit.discovery import KNOWN, VIEWS, training
from tests.kit.methods import SIZE, Training, batch, classifier, made, trained


def member(cls, sessions=1, **settings):
    """A built method of the family, in training mode, upon a base; it reads no stream."""
    known = dataclasses.replace(KNOWN, streams={}, base=trained(classifier(seed=7)))
    return made(cls, context=known, sessions=sessions, **settings)


def session(seed=9):
    """Images of a session."""
    inputs = Training(seed=seed).inputs
    return Training(inputs, torch.full((len(inputs),), -1))


def data(seed=2, labelled=False):
    """A batch of the labelled phase, or of a session."""
    given = batch(VIEWS, SIZE, seed)
    return dataclasses.replace(given, labels=torch.arange(SIZE) % 2 if labelled else torch.full((SIZE,), -1))


__all__ = ["data", "member", "session", "training"]
