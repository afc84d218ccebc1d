"""It is cross-entropy, step for step."""

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.jacobian_descent.iwrm_mean import IwrmMean
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made, step


def test_steps_are_those_of_cross_entropy():
    apart, plain = (made(cls, batch_norm=False).double() for cls in (IwrmMean, CrossEntropy))
    for seed in range(3):
        data = doubled(batch(("full",), seed=seed))
        torch.testing.assert_close(step(apart, data), step(plain, data))
    for mine, other in zip(apart.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, other)
