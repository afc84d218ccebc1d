"""Plain steps, observed: cross-entropy's own, and gradients through time by hand."""

import copy

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.recurrent.rnn_sgd import RNNSGD
from tests.kit.methods import step
from tests.kit.recurrent import by_hand, network, sequences


def test_steps_are_those_of_cross_entropy():
    watched, plain = network(RNNSGD), network(CrossEntropy)
    for seed in range(3):
        step(watched, sequences(seed=seed), 0.5)
        step(plain, sequences(seed=seed), 0.5)
    for one, other in zip(watched.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one, other)


def test_gradients_through_time_are_those_by_hand():
    method, data = network(RNNSGD), sequences()
    method.backward(data)
    states, slopes = by_hand(method, data)
    before = [torch.zeros_like(states[0]), *states[:-1]]
    through = [slope * (1 - state**2) for slope, state in zip(slopes, states, strict=True)]
    want = sum(t.T @ b for t, b in zip(through, before, strict=True))
    torch.testing.assert_close(method.recurrent.grad, want)
    want = sum(t.T @ data.views[0][:, 0, :, k] for k, t in enumerate(through))
    torch.testing.assert_close(method.encoder.blocks[0].reading.weight.grad, want)


def test_an_epoch_is_observed_and_forgotten():
    method, norms, radii = network(RNNSGD), [], []
    for seed in range(3):
        data, twin = sequences(seed=seed), copy.deepcopy(method)
        twin.backward(data)
        norms.append(sum(float((p.grad**2).sum()) for p in twin.parameters()) ** 0.5)
        radii.append(abs(torch.linalg.eigvals(method.recurrent.detach())).max().item())
        step(method, data, 2.0)
    found = method.observed()
    assert found["gradient_norm"] == pytest.approx(sum(norms) / 3)
    assert found["gradient_largest"] == pytest.approx(max(norms))
    assert found["radius_at_largest"] == pytest.approx(radii[norms.index(max(norms))])
    assert method.observed()["gradient_norm"] == 0
