"""Three terms by loops, shares within the policy's interval, and the policy's gradient by finite differences."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.mixing.ada_mixup import AdaMixUp
from tests.kit.classifiers import doubled
from tests.kit.losses import differences, soft_cross_entropy
from tests.kit.methods import CONTEXT, SIDE, SIZE, batch, made

K = CONTEXT.num_classes


@pytest.mark.parametrize("size", [2, 7, SIZE])
def test_ada_mixup_against_loops(size):
    method, data, half = made(AdaMixUp).double(), doubled(batch(("full",), size=size)), size // 2
    labels = one_hot(data.labels, K).double()
    torch.manual_seed(4)
    mixed, targets = method.mix(data.views[0], labels)
    assert len(mixed) == len(targets) == half
    features = method.encoder(torch.cat([data.views[0], mixed]))
    logits, scores = method.logits(features), method.discriminator(features)[:, 0].tolist()
    real, between = soft_cross_entropy(logits[:size], labels), soft_cross_entropy(logits[size:], targets)
    intrusion = sum(math.log1p(math.exp(-s if i < size else s)) for i, s in enumerate(scores)) / (size + half)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx((real + between) / 2 + intrusion, rel=1e-6)


@pytest.mark.parametrize("bias, low, high", [((0.0, 0.0, 0.0), 1 / 3, 2 / 3), ((0.0, 1.0, -2.0), 0.2595, 0.9649)])
def test_each_share_is_drawn_from_the_policys_interval(bias, low, high):
    """One gamma for an image and its target, in [alpha, alpha + Delta], and a partner from the whole batch."""
    method, images, partners = made(AdaMixUp).double(), torch.randn(SIZE, 1, SIDE, SIDE).double(), set()
    method.policy[-1].weight.data.zero_()
    method.policy[-1].bias.data.copy_(torch.tensor(bias))
    gammas = []
    torch.manual_seed(0)
    for _ in range(60):
        mixed, targets = method.mix(images, torch.eye(SIZE).double())
        for i, (image, target) in enumerate(zip(mixed, targets, strict=True)):
            (j,) = [n for n in target.nonzero().flatten().tolist() if n != i] or [i]
            partners.add(j)
            torch.testing.assert_close(image, target[i] * images[i] + (1 - target[i]) * images[j])
            gammas += [target[i].item()] * (j != i)
    assert len(partners) == SIZE
    assert low <= min(gammas) < low + 0.02 and high - 0.02 < max(gammas) <= high + 1e-3


def test_the_policy_learns_through_images_and_targets():
    """A gradient cut at the images, the targets or the discriminator would show."""
    method, data = made(AdaMixUp).double(), doubled(batch(("full",)))
    with torch.no_grad():
        method.discriminator.weight.mul_(5)

    def loss():
        torch.manual_seed(6)
        return method.loss(data)

    loss().backward()
    bias = method.policy[-1].bias
    torch.testing.assert_close(bias.grad, differences(loss, bias), rtol=1e-4, atol=1e-9)
    assert bias.grad.abs().max() > 1e-4


def test_the_policy_has_two_small_convolutions_and_begins_at_thirds():
    policy = made(AdaMixUp).policy
    shapes = [tuple(p.shape) for p in policy.parameters() if p.ndim > 1]
    assert shapes == [(16, 1, 3, 3), (32, 16, 3, 3), (3, 32)]
    assert [layer.stride for layer in policy if hasattr(layer, "stride")] == [(2, 2), (2, 2)]
    assert policy[-1].bias.tolist() == [0.0, 0.0, 0.0] and 5e-4 < policy[-1].weight.std() < 2e-3
