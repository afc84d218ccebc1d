"""The largest cross-entropies, example by example."""

import math

import torch

from pipeline.methods.augmented_subset.augment_maxloss import AugmentMaxloss
from tests.kit.losses import softmax
from tests.kit.methods import Training, made


def test_against_loops():
    method, training = made(AugmentMaxloss, share=0.25), Training()
    with torch.no_grad():
        method.renew(0, training)
        method.eval()
        logits = method.logits(torch.cat([method.encoder(part) for part in training.plain()])).tolist()
    losses = [-math.log(softmax(row)[y]) for row, y in zip(logits, training.labels.tolist(), strict=True)]
    expected = sorted(range(48), key=lambda i: -losses[i])[:12]
    assert set(method.chosen.nonzero().flatten().tolist()) == set(expected)
    assert (method.weights == 1).all()
