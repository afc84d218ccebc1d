"""What tests of methods of category discovery share: a context with two old classes of four, batches, blobs."""

import dataclasses

import torch

from tests.kit.methods import CONTEXT, SIDE, SIZE, Training, batch, classifier, made, trained, unlabelled

VIEWS = ("full", "full")
STREAM = torch.randint(256, (30, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(8), dtype=torch.uint8)
"""Raw images without labels."""
KNOWN = dataclasses.replace(CONTEXT, num_classes=4, class_counts=(24, 24, 0, 0), streams={"unlabelled": STREAM})


def context(base=None):
    """Two old classes and two new ones, upon a base."""
    return dataclasses.replace(KNOWN, base=base or trained(classifier(seed=7)))


def member(cls, **settings):
    """A built method of the family, in training mode."""
    return made(cls, context=context(), **settings)


def training():
    """Labelled images, of the two old classes in turn."""
    inputs = Training().inputs
    return Training(inputs, torch.arange(len(inputs)) % 2)


def data(seed=2, size=SIZE):
    """A batch of labelled images of the old classes, and as many of the stream."""
    given = batch(VIEWS, size, seed, unlabelled=unlabelled(VIEWS, size, seed + 50))
    return dataclasses.replace(given, labels=torch.arange(size) % 2)


def views_of(given):
    """The first views of all images, labelled ones first, and the second views; labels, -1 for none."""
    stream = given["unlabelled"]
    views = [torch.cat(pair) for pair in zip(given.views, stream.views, strict=True)]
    return *views, torch.cat([given.labels, stream.labels])
