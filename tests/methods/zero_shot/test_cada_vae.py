"""Aligned auto-encoders: the objective by loops, its ablations, its schedule, and what is made of attributes."""

import math

import pytest
import torch

from pipeline.methods.zero_shot.cada_vae import CADAVAE
from tests.kit.zero_shot import ATTRIBUTES, SEEN, WIDTH, Training, built


def by_loops(method, features, labels, noise, weights):
    """In floats, example by example: reconstruction, divergence, cross-reconstruction and distance of two Gaussians."""
    beta, gamma, delta = weights
    total = 0.0
    for i, (x, y) in enumerate(zip(features, labels.tolist(), strict=True)):
        inputs, means, logs, z = (x, ATTRIBUTES[y].double()), [], [], []
        for m in (0, 1):
            hidden = (method.encoders[m][0].weight @ inputs[m] + method.encoders[m][0].bias).clamp_min(0)
            out = (method.encoders[m][2].weight @ hidden + method.encoders[m][2].bias).tolist()
            means.append(out[: method.latent])
            logs.append(out[method.latent :])
            z.append([u + math.exp(v / 2) * e for u, v, e in zip(means[m], logs[m], noise[m][i].tolist(), strict=True)])
        for m in (0, 1):
            for n in (0, 1):
                d = method.decoders[m]
                code = torch.tensor(z[n], dtype=torch.float64)
                made = d[2].weight @ (d[0].weight @ code + d[0].bias).clamp_min(0) + d[2].bias
                error = sum(abs(a - b) for a, b in zip(inputs[m].tolist(), made.tolist(), strict=True))
                total += error * (1.0 if m == n else gamma)
            total += beta * sum((u * u + math.exp(v) - 1 - v) / 2 for u, v in zip(means[m], logs[m], strict=True))
        gap = sum((a - b) ** 2 for a, b in zip(*means, strict=True))
        gap += sum((math.exp(a / 2) - math.exp(b / 2)) ** 2 for a, b in zip(*logs, strict=True))
        total += delta * math.sqrt(gap)
    return total / len(features)


@pytest.mark.parametrize("settings", [{}, {"gamma": 0.0}, {"delta": 0.0}, {"beta": 0.0, "gamma": 0.0, "delta": 0.0}])
def test_the_objective_by_loops(settings):
    method = built(CADAVAE, latent=3, hidden=7, **settings)
    method.progress = 0.99
    x, labels = method.stored[:5], method.given[:5]
    torch.manual_seed(2)
    noise = [torch.randn(5, 3, dtype=torch.float64) for _ in range(2)]
    torch.manual_seed(2)
    found = float(method.objective(x, labels))
    assert found == pytest.approx(by_loops(method, x, labels, noise, (method.beta, method.gamma, method.delta)))


def test_weights_rise_as_in_the_authors_code():
    method = built(CADAVAE)
    for epoch in range(100):
        method.progress = epoch / 100
        expected = (
            min(epoch / 93, 1) * 0.25,
            min(max((epoch - 21) / 54, 0), 1) * 2.37,
            min(max((epoch - 6) / 16, 0), 1) * 8.13,
        )
        assert method.weights() == pytest.approx(expected)


def test_codes_are_made_of_attributes_and_answers_given_on_means():
    method = built(CADAVAE, latent=3)
    labels = torch.tensor([SEEN, SEEN, SEEN + 1])
    first, again = (method.make(labels, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, again) and not torch.equal(first[0], first[1])
    code = method.code(1, ATTRIBUTES[labels].double())
    many = torch.stack([method.make(labels) for _ in range(4000)])
    torch.testing.assert_close(many.mean(0), code.mean, atol=0.1, rtol=0)
    torch.testing.assert_close(many.std(0), code.deviation, atol=0.1, rtol=0)
    assert torch.equal(method.represent(method.stored), method.code(0, method.stored).mean)


def test_both_alignments_bring_the_modalities_together():
    """What the ablations take out: with neither, codes of features and of attributes have nothing in common."""
    gaps = []
    for gamma, delta in ((2.37, 0.25), (0.0, 0.0)):
        method = built(CADAVAE, double=False, latent=3, hidden=16, beta=0.01, gamma=gamma, delta=delta)
        optimizer = torch.optim.Adam(method.parameters(), lr=0.01)
        torch.manual_seed(0)
        method.progress = 0.99
        for _ in range(150):
            optimizer.zero_grad()
            method.objective(method.stored, method.given).backward()
            optimizer.step()
        own, other = method.represent(method.stored), method.code(1, method.attributes[method.given]).mean
        gaps.append(float((own - other).norm(dim=1).mean() / own.std(0).norm()))
    assert gaps[0] < 0.8 * gaps[1]


def test_twice_as_many_of_each_unseen_class():
    method = built(CADAVAE, rows=330)
    _, labels = method.mixed()
    assert (labels >= SEEN).sum() == round(330 * 6 / 11)


def test_with_images_of_unseen_classes_half_of_these_classes_are_images_as_in_the_authors_code():
    """200 draws of each class's images and 200 of each unseen class's attributes, however few the images are."""
    rows = torch.arange(SEEN * 10 + 3)
    labels = torch.where(rows < SEEN * 10, rows % SEEN, rows - SEEN * 10 + SEEN)
    method = built(CADAVAE, given=Training(torch.randn(len(rows), WIDTH), labels), rows=11000)
    assert method.known == 8
    method.make = lambda labels: torch.full((len(labels), method.latent), 7.0, dtype=torch.float64)
    torch.manual_seed(0)
    drawn, labels = method.mixed()
    made = (drawn == 7.0).all(1)
    counts = torch.bincount(labels[~made], minlength=8), torch.bincount(labels[made], minlength=8)
    assert int(made.sum()) == 3000 and int(counts[1][:SEEN].sum()) == 0
    assert (counts[0] - 1000).abs().max() < 120 and (counts[1][SEEN:] - 1000).abs().max() < 120
