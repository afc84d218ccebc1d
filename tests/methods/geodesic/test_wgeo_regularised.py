"""The regulariser: what it adds to the loss and to its gradient, and in which mode."""

import copy
from itertools import pairwise

import torch

from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.methods.geodesic.wgeo_regularised import WGeoRegularised
from pipeline.ops.geodesics import between
from tests.kit.classifiers import doubled
from tests.kit.methods import CONTEXT, batch, made, step


def data(seed=2):
    return doubled(batch(("full",), seed=seed))


def loss(method, given):
    torch.manual_seed(4)
    return method.loss(given)


def test_beta_zero_is_the_augmentation_and_the_rest_is_the_variation():
    given, ready = data(), made(WGeoAugment).double()
    step(ready, data(seed=5))
    methods = {beta: made(WGeoRegularised, beta=beta).double() for beta in (0.0, 0.4)}
    for method in methods.values():
        method.load_state_dict(ready.state_dict())
    plain = loss(ready, given)
    slow = copy.deepcopy(ready).eval()  # whose running statistics have seen images and augmented ones
    torch.testing.assert_close(loss(methods[0.0], given), plain)
    torch.manual_seed(4)
    a, b = pair = torch.randperm(3)[:2]
    found = between(given.views[0], given.labels, pair[None], CONTEXT.inputs)
    means = []
    for k in range(5):
        t = k / 4
        log_p = slow.logits(slow.encoder((1 - t) * found.starts + t * found.ends)).log_softmax(1)
        means.append(-((1 - t) * log_p[:, a] + t * log_p[:, b]).mean())
    rises = sum((after - before).abs() for before, after in pairwise(means))
    total = loss(methods[0.4], given)
    torch.testing.assert_close(total, plain + 0.4 * rises)
    parameters = list(methods[0.4].parameters())
    got = torch.autograd.grad(total, parameters)
    want = torch.autograd.grad(plain, list(ready.parameters()))
    more = torch.autograd.grad(rises, list(slow.parameters()))
    for one, base, extra in zip(got, want, more, strict=True):
        torch.testing.assert_close(one, base + 0.4 * extra)
