"""Without strong views it is cross-entropy on the weak ones."""

import torch

from pipeline.methods.augmented_subset.augment_none import AugmentNone
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.methods import Training, batch, made, step


def test_it_is_cross_entropy():
    method, plain = made(AugmentNone), made(CrossEntropy)
    with torch.no_grad():
        method.renew(0, Training())
    order = method.arrange(torch.randperm(48))
    assert sorted(order.tolist()) == list(range(48)) and int(method.augmented) == 0
    for seed in range(3):
        data = batch(("full", "strong"), seed=seed)
        torch.testing.assert_close(step(method, data), step(plain, data))
    torch.testing.assert_close(method.head.weight, plain.head.weight)
