"""Two visits of each example by loops; the temperature as the best for its distribution; LDR-KL without adaptation."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.aldr_kl import ALDRKL, ROUNDS
from pipeline.methods.classifier.ldr_kl import LDRKL
from tests.kit.classifiers import B, K
from tests.kit.losses import gradient, softmax
from tests.kit.methods import CONTEXT, batch, made


def temperature_of(f, before, start, alpha):
    p = softmax([v / before for v in f])
    return start * (1 - sum(v * math.log(len(f) * v) for v in p) / (alpha * math.log(len(f))))


def aldr(f, y, temperature, start, alpha, margin):
    terms = [(v - f[y] + margin * (k != y)) / temperature for k, v in enumerate(f)]
    top = max(terms)
    first = temperature * (top + math.log(sum(math.exp(t - top) for t in terms) / len(f)))
    return first - alpha * math.log(len(f)) / (2 * start) * (temperature - start) ** 2


@pytest.mark.parametrize("settings", [{}, {"temperature": 3.0, "alpha": 1.3, "margin": 0.5}, {"normalise": False}])
def test_aldr_kl_over_two_visits(settings):
    method, data = made(ALDRKL, **settings), batch(("full",), size=6)
    data.indices = torch.tensor([4, 0, 7, 20, 21, 40])
    held = [method.temperature] * 6
    for _ in range(2):
        z = nn.functional.linear(method.encoder(data.views[0]), method.head.weight, method.head.bias).double()
        f = z.tolist()
        if method.normalise:
            soft = [[math.log1p(math.exp(v)) for v in row] for row in f]
            f = [[len(row) * v / sum(row) for v in row] for row in soft]
        held = [temperature_of(row, t, method.temperature, method.alpha) for row, t in zip(f, held, strict=True)]
        own = (method.temperature, method.alpha, method.margin)
        want = sum(aldr(row, y, t, *own) for row, y, t in zip(f, data.labels.tolist(), held, strict=True)) / 6
        assert method.loss(data).item() == pytest.approx(want, abs=1e-5)
        torch.testing.assert_close(method.temperatures[data.indices], torch.tensor(held), rtol=1e-5, atol=0)
    others = torch.ones(CONTEXT.train_examples, dtype=torch.bool).index_fill(0, data.indices, False)
    assert (method.temperatures[others] == method.temperature).all()
    torch.testing.assert_close(method.label_scores(), -method.temperatures)


def test_the_loss_of_given_temperatures(logits, labels):
    held = torch.linspace(0.5, 4.0, B, dtype=torch.float64)
    method = ALDRKL(temperature=2.0, alpha=1.7, margin=0.4)
    each = zip(logits.tolist(), labels.tolist(), held.tolist(), strict=True)
    want = sum(aldr(f, y, t, 2.0, 1.7, 0.4) for f, y, t in each) / B
    assert method.adaptive(logits, labels, held).item() == pytest.approx(want)


def test_the_temperature_is_the_best_for_its_distribution(logits):
    """max over lambda of -lambda KL(p, 1/K) - (a / 2) (lambda - lambda_0)^2."""
    method = ALDRKL(temperature=2.0, alpha=1.5)
    p = (logits / 2).softmax(1)
    divergence = (p * (K * p).log()).sum(1)

    def value(t):
        return -t * divergence - 1.5 * math.log(K) / 4 * (t - 2) ** 2

    best = method.adapted(logits, torch.full((B,), 2.0, dtype=torch.float64))
    assert (value(best) > value(best + 0.01)).all() and (value(best) > value(best - 0.01)).all()


def test_the_temperature_lies_between_sure_and_unsure():
    method, ones = ALDRKL(temperature=4.0, alpha=2.0), torch.full((3,), 4.0)
    scores = torch.tensor([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 4000.0, 0.0]])
    unsure, between, sure = method.adapted(scores, ones).tolist()
    assert unsure == pytest.approx(4.0) and sure == pytest.approx(2.0) and 2.0 < between < 4.0


def test_without_adaptation_it_is_ldr_kl():
    data = batch(("full",))
    settings = {"temperature": 0.7, "margin": 0.3, "normalise": True}
    fixed, adaptive = made(LDRKL, **settings), made(ALDRKL, alpha=1e7, **settings)
    torch.testing.assert_close(adaptive.loss(data), fixed.loss(data))
    features = fixed.encoder(data.views[0])
    torch.testing.assert_close(adaptive.logits(features), fixed.logits(features))


def test_the_temperature_takes_no_gradient(logits, labels):
    method = ALDRKL(margin=0.2, alpha=1.5)
    held = method.adapted(logits, torch.ones(B, dtype=torch.float64))
    one_hot = nn.functional.one_hot(labels, K)
    p = ((logits + 0.2 * (1 - one_hot)) / held[:, None]).softmax(1)
    torch.testing.assert_close(gradient(lambda f: method.adaptive(f, labels, held), logits), (p - one_hot) / B)


def test_a_new_example_is_judged_as_one_visited_in_training():
    method, data = made(ALDRKL, alpha=1.2), batch(("full",))
    with torch.no_grad():
        for _ in range(ROUNDS):
            method.loss(data)
        features = method.encoder(data.views[0])
        want = method.scores(features) / method.temperatures[data.indices, None]
        torch.testing.assert_close(method.logits(features), want)
