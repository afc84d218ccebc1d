"""Cosines of input gradients with directions: known ones, units, graphs."""

import pytest
import torch

from pipeline.contract import Inputs
from pipeline.metrics.gradient_alignment import compute
from pipeline.ops.input_gradients import SCORES, cosines, log_probability, logit

PLAIN = Inputs(shape=(2, 3, 3), view_shape=(2, 3, 3), mean=(0.0, 0.0), std=(1.0, 1.0))


def linear(weight):
    return lambda views: views.flatten(1) @ weight.T


def test_of_a_linear_classifier_it_is_the_angle_with_a_row():
    torch.manual_seed(0)
    weight, views, ways = torch.randn(4, 18), torch.randn(5, 2, 3, 3), torch.randn(5, 2, 3, 3)
    classes = torch.tensor([0, 3, 1, 1, 2])
    found = cosines(linear(weight), logit, views, classes, ways, PLAIN)
    for value, label, way in zip(found.tolist(), classes.tolist(), ways, strict=True):
        row, flat = weight[label], way.flatten()
        assert value == pytest.approx((row @ flat / row.norm() / flat.norm()).item(), rel=1e-5)
    p = linear(weight)(views).softmax(1)
    slopes = weight[classes] - p @ weight
    want = torch.cosine_similarity(slopes, ways.flatten(1))
    torch.testing.assert_close(cosines(linear(weight), log_probability, views, classes, ways, PLAIN), want)


def test_units_are_raw_whatever_the_normalisation():
    torch.manual_seed(0)
    weight, raw, ways = torch.randn(4, 18), torch.rand(5, 2, 3, 3), torch.randn(5, 2, 3, 3)
    classes = torch.tensor([0, 3, 1, 1, 2])
    other = Inputs(shape=(2, 3, 3), view_shape=(2, 3, 3), mean=(0.3, 0.6), std=(0.2, 4.0))
    mean, std = (torch.tensor(of).view(2, 1, 1) for of in (other.mean, other.std))
    want = cosines(linear(weight), logit, raw, classes, ways, PLAIN)
    seen = lambda views: linear(weight)(views * std + mean)  # noqa: E731
    torch.testing.assert_close(cosines(seen, logit, (raw - mean) / std, classes, ways / std, other), want)


@pytest.mark.parametrize("score", SCORES.values())
def test_the_gradient_reaches_the_parameters_only_where_it_shall(score):
    weight = torch.randn(4, 18, requires_grad=True)
    views, classes = torch.randn(5, 2, 3, 3), torch.tensor([0, 3, 1, 1, 2])
    assert not cosines(linear(weight), score, views, classes, -views, PLAIN).requires_grad
    cosines(linear(weight), score, views, classes, -views, PLAIN, learn=True).sum().backward()
    assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.any()


def test_nothing_points_nowhere():
    views, classes = torch.randn(3, 2, 3, 3), torch.tensor([0, 1, 0])
    assert not cosines(linear(torch.randn(4, 18)), logit, views, classes, torch.zeros_like(views), PLAIN).any()
    assert not cosines(linear(torch.zeros(4, 18)), logit, views, classes, views, PLAIN).any()


def test_the_metric_is_one_for_a_classifier_by_distances_to_the_means():
    torch.manual_seed(0)
    labels = torch.arange(60) % 3
    views = torch.randn(60, 2, 3, 3) + 3 * torch.randn(3, 2, 3, 3)[labels]
    means = torch.stack([views[labels == label].mean(0) for label in range(3)])

    def near(at):
        return -(at[:, None] - means).flatten(2).square().sum(2)

    assert compute(near, views, labels, PLAIN).shape == (60,)
    assert compute(near, views, labels, PLAIN).mean().item() == pytest.approx(1.0, abs=1e-5)
    assert compute(lambda at: -near(at), views, labels, PLAIN).mean().item() == pytest.approx(-1.0, abs=1e-5)
