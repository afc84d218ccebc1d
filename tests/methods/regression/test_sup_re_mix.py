"""The loss by loops over anchors, partners and mixtures; limits; what moves in which phase; mixtures are constants."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.regression.l1 import L1
from pipeline.methods.regression.sup_re_mix import SupReMix
from tests.kit.methods import CONTEXT, SIZE, batch, dot, made, step, unit

SPAN = dataclasses.replace(CONTEXT, target_range=(-1.0, 1.0))


@pytest.fixture
def data():
    return dataclasses.replace(batch(), labels=torch.linspace(-1, 1, SIZE))


@pytest.fixture
def embedded():
    """Unit embeddings of 9 inputs in two views, and their targets in spans, two of them alike."""
    draws = torch.Generator().manual_seed(4)
    z = torch.nn.functional.normalize(torch.randn(18, 5, generator=draws, dtype=torch.float64))
    targets = torch.rand(9, generator=draws, dtype=torch.float64)
    targets[7] = targets[2]
    return z, targets.repeat(2)


def shares(method, size):
    """What the method draws for 1 - a."""
    torch.manual_seed(6)
    return torch.distributions.Beta(method.beta, method.alpha).sample((size, size)).tolist()


def loop_sup_re_mix(z, y, further, window, push, tau):
    z, y = [unit(row) for row in z.tolist()], y.tolist()
    total, mixed = 0.0, 0
    for i, anchor in enumerate(z):
        positives, terms = [], []

        def pair(vector, target, anchor=anchor, i=i, terms=terms):
            likeness = dot(anchor, vector) / tau
            terms.append((1 + push * abs(y[i] - target)) * math.exp(likeness))
            return likeness

        for j, other in enumerate(z):
            if j == i:
                continue
            likeness = pair(other, y[j])
            if y[j] == y[i]:
                positives.append(likeness)
            else:
                a = 1 - further[i][j]
                mix = [a * p + (1 - a) * q for p, q in zip(anchor, other, strict=True)]
                pair(mix, a * y[i] + (1 - a) * y[j])
        for j, lower in enumerate(z):
            for k, higher in enumerate(z):
                if y[i] - window < y[j] < y[i] < y[k] < y[i] + window:
                    b = (y[k] - y[i]) / (y[k] - y[j])
                    assert b * y[j] + (1 - b) * y[k] == pytest.approx(y[i])
                    positives.append(pair([b * p + (1 - b) * q for p, q in zip(lower, higher, strict=True)], y[i]))
                    mixed += 1
        total -= sum(positive - math.log(sum(terms)) for positive in positives) / len(positives)
    return total / len(z), mixed


@pytest.mark.parametrize("window, push, temperature", [(0.25, 100.0, 0.3), (0.6, 0.0, 0.1), (0.0, 3.0, 1.0)])
def test_it_is_one_softmax_over_pairs_and_mixtures(window, push, temperature, embedded):
    method = SupReMix(window=window, push=push, temperature=temperature)
    want, mixed = loop_sup_re_mix(*embedded, shares(method, 18), window, push, temperature)
    assert (mixed > 0) == (window > 0)
    torch.manual_seed(6)
    assert method.contrast(*embedded).item() == pytest.approx(want, rel=1e-6)


def test_mixtures_are_constants(embedded):
    """The gradient is that of anchors and of plain pairs: each mixture is a fixed vector."""
    z, y = embedded
    method = SupReMix(window=0.3, push=0.0)
    found, anchors = z.clone().requires_grad_(), z.clone().requires_grad_()
    torch.manual_seed(6)
    method.contrast(found, y).backward()
    further = torch.tensor(shares(method, 18), dtype=torch.float64)
    losses = []
    for i in range(18):
        others = [j for j in range(18) if j != i]
        logits = [anchors[i] @ anchors[j] for j in others]
        positive = [bool(y[j] == y[i]) for j in others]
        for j in (j for j in others if y[j] != y[i]):
            logits.append(anchors[i] @ ((1 - further[i, j]) * z[i] + further[i, j] * z[j]))
            positive.append(False)
        for j in others:
            for k in others:
                if y[i] - 0.3 < y[j] < y[i] < y[k] < y[i] + 0.3:
                    b = (y[k] - y[i]) / (y[k] - y[j])
                    logits.append(anchors[i] @ (b * z[j] + (1 - b) * z[k]))
                    positive.append(True)
        losses.append(-(torch.stack(logits) / 0.3).log_softmax(0)[torch.tensor(positive)].mean())
    torch.stack(losses).mean().backward()
    torch.testing.assert_close(found.grad, anchors.grad, rtol=1e-6, atol=1e-9)


def test_an_ordered_circle_costs_less_than_a_shuffled_one():
    """Where likeness falls with the distance of targets, mixtures of neighbours are positives at no cost."""
    targets = torch.linspace(0, 1, 20, dtype=torch.float64)
    angles = math.pi / 2 * targets
    circle = torch.stack([angles.cos(), angles.sin()], 1)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    method = SupReMix(window=0.2)

    def cost(z):
        torch.manual_seed(6)
        return method.contrast(z.repeat(2, 1), targets.repeat(2)).item()

    assert cost(circle) < cost(circle[order]) - 0.1


def test_targets_count_in_shares_of_their_span(data):
    wide = dataclasses.replace(CONTEXT, target_range=(-50.0, 50.0))
    losses = []
    for context, labels in ((SPAN, data.labels), (wide, 50 * data.labels)):
        method = made(SupReMix, context=context)
        torch.manual_seed(6)
        losses.append(method.loss(dataclasses.replace(data, labels=labels)))
    torch.testing.assert_close(*losses)


def test_the_encoder_is_fitted_first_and_the_head_last(data):
    method = made(SupReMix, context=SPAN)
    for phase, moving in ((0, ("encoder.", "projection.")), (1, ("head.",))):
        method.phase = phase
        before = {name: value.clone() for name, value in method.state_dict().items()}
        step(method, data)
        moved = {name for name, value in method.state_dict().items() if not torch.equal(value, before[name])}
        assert moved and all(name.startswith(moving) for name in moved), moved
        assert {name.split(".")[0] + "." for name in moved} == set(moving)


def test_the_head_is_fitted_as_l1_fits_it(data):
    method = made(SupReMix, context=SPAN)
    method.phase = 1
    plain = made(L1, context=SPAN)
    plain.load_state_dict({k: v for k, v in method.state_dict().items() if not k.startswith("projection")})
    plain.encoder.eval()
    torch.testing.assert_close(method.loss(data), plain.loss(data))
