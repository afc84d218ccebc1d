"""What tests of multi-label retrieval share: six labels with an image each, queries of four, scores, slow sums."""

import dataclasses
import math

import torch

from pipeline.contract import Batch
from tests.kit.methods import CONTEXT, SIDE, made

LABELS, QUERIES, SIZE = 6, 24, 8
DOCUMENTS = torch.randint(
    256, (LABELS, 1, SIDE // 2, SIDE // 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8
)
CONTEXT_OF_SIX = dataclasses.replace(
    CONTEXT,
    num_classes=LABELS,
    class_counts=(9, 3, 12, 1, 7, 0),
    train_examples=QUERIES,
    batch_size=SIZE,
    steps_per_epoch=QUERIES // SIZE,
    epochs=12,
    streams={"label_images": DOCUMENTS},
)
POSITIVES = ((0,), (1, 2), (0, 3, 5), (4,), (2, 3), (0, 1, 2, 4), (5,), (1, 5))


def labels(sets=POSITIVES):
    """(B, 6) zeros and ones."""
    found = torch.zeros(len(sets), LABELS, dtype=torch.float64)
    for row, own in zip(found, sets, strict=True):
        row[list(own)] = 1
    return found


def scores(seed=2, spread=3.0):
    """(8, 6) float64."""
    return spread * torch.randn(SIZE, LABELS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def retriever(cls, seed=1, **settings):
    return made(cls, context=CONTEXT_OF_SIX, seed=seed, **settings)


def batch(seed=3, first=0):
    """Of random queries; the training set's `first`, and those after it."""
    images = torch.randn(SIZE, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    return Batch([images], labels().float(), torch.arange(first, first + SIZE))


def per_positive(term, sets=POSITIVES):
    """The mean over queries of the mean over their positives of -term(b, p)."""
    return -sum(sum(term(b, p) for p in own) / len(own) for b, own in enumerate(sets)) / len(sets)


def log_softmax_of(values, p):
    """log of the probability of values[p] among them."""
    return values[p] - math.log(sum(math.exp(v) for v in values))
