"""A random subset is another one each time that it is renewed, every example alike."""

import torch

from pipeline.methods.augmented_subset.augment_random import AugmentRandom
from tests.kit.methods import CONTEXT, Training, made


def test_each_example_is_as_likely_and_none_twice():
    method, training = made(AugmentRandom, share=0.25, refresh=1), Training()
    counts = torch.zeros(CONTEXT.train_examples)
    for epoch in range(400):
        method.renew(epoch, training)
        assert int(method.chosen.sum()) == 12
        counts += method.chosen
    assert (counts / 400 - 0.25).abs().max() < 0.1
    assert (method.weights == 1).all()
