"""What holds of every regressor: a linear head by loops, predictions that follow a shift, what is kept."""

import dataclasses

import pytest
import torch

from tests.kit.methods import SIZE, batch, dot, made, members, step

FAMILY = members("regression")
IN_STEPS = [cls for cls in FAMILY if any(cls.phases)]


@pytest.fixture
def data():
    return dataclasses.replace(batch(), labels=torch.linspace(-1, 1, SIZE))


@pytest.mark.parametrize("cls", FAMILY)
def test_predictions_are_one_number_for_each_input(cls, data):
    method = made(cls).eval()
    features = method.encoder(data.views[0])
    weight, (bias,) = method.head.weight[0].tolist(), method.head.bias.tolist()
    want = [dot(weight, row) + bias for row in features.tolist()]
    assert method.predict(features).tolist() == pytest.approx(want, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("cls", IN_STEPS)
def test_targets_and_head_moved_alike_cost_the_same(cls, data):
    method = made(cls)
    before = method.loss(data)
    with torch.no_grad():
        method.head.bias += 0.25
    data.labels = data.labels + 0.25
    torch.testing.assert_close(method.loss(data), before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cls", IN_STEPS)
def test_a_step_helps_and_all_of_it_is_kept(cls, data):
    method = made(cls)
    before = step(method, data, learning_rate=0.02)
    assert method.loss(data) < before
    assert not any("head".startswith(name) or "encoder".startswith(name) for name in method.training_only)
    again = made(cls, seed=9)
    again.load_state_dict(method.state_dict())
    losses = []
    for each in (again, method):
        torch.manual_seed(6)
        losses.append(each.loss(data))
    torch.testing.assert_close(*losses)
