"""With all augmented half of what is seen is strong, whatever the share; who chooses all is the same."""

import torch

from pipeline.methods.augmented_subset.augment_all import AugmentAll
from pipeline.methods.augmented_subset.augment_coreset import AugmentCoreset
from pipeline.methods.augmented_subset.augment_random import AugmentRandom
from tests.kit.methods import CONTEXT, Training, batch, made

N = CONTEXT.train_examples


def begun(cls, **settings):
    method = made(cls, **settings)
    with torch.no_grad():
        method.renew(0, Training())
    return method


def test_half_of_what_is_seen_is_strong():
    method = begun(AugmentAll, share=0.1)
    assert method.chosen.all()
    order = method.arrange(torch.randperm(N))
    assert len(order) == 2 * N and int((order >= N).sum()) == N


def test_who_chooses_all_is_the_same():
    data = batch(("full", "strong"))
    data.indices = torch.arange(12) * 8
    losses = {}
    for cls in (AugmentAll, AugmentRandom, AugmentCoreset):
        method = begun(cls, share=1.0)
        torch.manual_seed(3)
        losses[cls] = (method.arrange(torch.randperm(N)).tolist(), method.loss(data).item())
    assert losses[AugmentAll] == losses[AugmentRandom] == losses[AugmentCoreset]
