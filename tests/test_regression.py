"""Imbalanced regression: turned images and their angles, metrics, losses against loops."""

import math

import pytest
import small_job
import torch
from method_kit import CONTEXT, FEATURES, Encoder, batch, dot, step, unit

from pipeline.drivers import regression
from pipeline.drivers.regression import SKEW, angles, turned
from pipeline.methods.regression.con_r import ConR
from pipeline.methods.regression.l1 import L1


def built(cls, **settings):
    torch.manual_seed(1)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(CONTEXT)
    return method.train()


def labelled(seed=2):
    data = batch(seed=seed)
    data.labels = torch.linspace(-1, 1, len(data.labels))
    return data


def test_l1():
    predictions, targets = torch.tensor([0.5, -0.25, 0.0]), torch.tensor([0.25, 0.5, 0.0])
    assert L1().objective(predictions, targets).item() == pytest.approx((0.25 + 0.75) / 3)
    method, data = built(L1), labelled()
    got = method.loss(data)
    want = (method.predict(method.encoder(data.views[0])) - data.labels).abs().mean()
    torch.testing.assert_close(got, want)


def loop_con_r(features, predictions, targets, window, push, tau):
    v = [unit(row) for row in features.double().tolist()]
    p, y = predictions.tolist(), targets.tolist()
    total = 0.0
    for i, anchor in enumerate(v):
        others = [j for j in range(len(v)) if j != i]
        positives = [j for j in others if abs(y[i] - y[j]) <= window]
        negatives = [j for j in others if abs(y[i] - y[j]) > window and abs(p[i] - p[j]) <= window]
        if not negatives:
            continue
        below = sum(math.exp(dot(anchor, v[j]) / tau) for j in positives)
        below += sum(math.exp(push * abs(y[i] - y[j])) * math.exp(dot(anchor, v[j]) / tau) for j in negatives)
        total -= sum(math.log(math.exp(dot(anchor, v[j]) / tau) / below) for j in positives) / len(positives)
    return total / len(v)


@pytest.fixture
def embedded():
    """Features, predictions and targets of 9 images in two views."""
    torch.manual_seed(3)
    return torch.randn(18, 5), torch.rand(18) * 2 - 1, (torch.rand(9) * 2 - 1).repeat(2)


@pytest.mark.parametrize("window, push, temperature", [(0.02, 0.5, 0.2), (0.3, 0.0, 0.07), (0.5, 2.0, 1.0)])
def test_con_r(window, push, temperature, embedded):
    method = ConR(window=window, push=push, temperature=temperature)
    want = loop_con_r(*embedded, window, push, temperature)
    assert method.contrast(*embedded).item() == pytest.approx(want, rel=1e-4, abs=1e-7)


def test_predictions_that_agree_with_the_targets_cost_nothing(embedded):
    features, _, targets = embedded
    assert ConR(window=0.3).contrast(features, targets, targets).item() == 0.0


def test_wrong_predictions_of_far_targets_push_harder(embedded):
    features, _, targets = embedded
    same = torch.zeros(18)
    losses = [ConR(window=0.1, push=push).contrast(features, same, targets).item() for push in (0.0, 0.5, 2.0)]
    assert losses[0] < losses[1] < losses[2]


def test_the_loss_is_l1_of_the_first_view_and_the_regulariser_of_both():
    method, data = built(ConR, beta=0.7, window=0.4), labelled()
    features = method.encoder(torch.cat(data.views))
    predictions = method.predict(features)
    fit = (predictions[:12] - data.labels).abs().mean()
    want = fit + 0.7 * method.contrast(features, predictions, data.labels.repeat(2))
    torch.testing.assert_close(method.loss(data), want)
    plain = built(ConR, beta=0.0)
    torch.testing.assert_close(plain.loss(data), fit)


def test_the_regulariser_reaches_features_but_not_through_predictions(embedded):
    features, predictions, targets = (part.clone() for part in embedded)
    method = built(ConR, window=0.4)
    features.requires_grad_()
    method.contrast(features, predictions, targets).backward()
    assert features.grad.isfinite().all() and features.grad.any()
    data = labelled()
    full, plain = built(ConR, window=0.4), built(ConR, beta=0.0)
    for m in (full, plain):
        m.loss(data).backward()
    torch.testing.assert_close(full.head.weight.grad, plain.head.weight.grad)
    assert not torch.allclose(full.encoder.convolution.weight.grad, plain.encoder.convolution.weight.grad)


def test_features_of_zero_have_finite_gradients():
    features = torch.zeros(4, FEATURES, requires_grad=True)
    loss = ConR(window=0.1).contrast(features, torch.zeros(4), torch.tensor([0.5, -0.5, 0.5, -0.5]))
    loss.backward()
    assert loss.isfinite() and features.grad.isfinite().all()


@pytest.mark.parametrize("cls", [L1, ConR])
def test_a_step_helps_and_all_of_it_is_kept(cls):
    method, data = built(cls), labelled()
    before = step(method, data, learning_rate=0.02)
    assert method.loss(data) < before
    again = built(cls)
    again.load_state_dict(method.state_dict())
    torch.testing.assert_close(again.loss(data), method.loss(data))


def test_training_angles_are_rare_at_the_ends_and_uniform_ones_are_not():
    skewed = angles(200_000, SKEW, torch.Generator().manual_seed(1))
    counts = torch.histc(skewed, 10, -1, 1)
    assert skewed.abs().max() <= 1
    assert counts[4] / counts[0] == pytest.approx(SKEW, rel=0.15)
    assert counts[5] / counts[9] == pytest.approx(SKEW, rel=0.15)
    assert counts[5:7].sum() / counts[3:5].sum() == pytest.approx(1.0, rel=0.03)
    ratios = counts[5:9] / counts[6:10]  # exponential: the same from each tenth to the next
    assert (ratios / ratios.mean() - 1).abs().max() < 0.15
    uniform = torch.histc(angles(200_000, 1.0, torch.Generator().manual_seed(1)), 10, -1, 1)
    assert uniform.max() / uniform.min() < 1.05


def test_turning_by_a_right_angle_is_rot90_and_by_nothing_is_nothing():
    torch.manual_seed(4)
    images = torch.randint(0, 256, (3, 2, 7, 7), dtype=torch.uint8)
    torch.testing.assert_close(turned(images, torch.full((3,), 90.0)), torch.rot90(images, 1, (2, 3)))
    torch.testing.assert_close(turned(images, torch.full((3,), -90.0)), torch.rot90(images, -1, (2, 3)))
    torch.testing.assert_close(turned(images, torch.zeros(3)), images)
    mixed = turned(images, torch.tensor([0.0, 90.0, 37.0]))
    assert torch.equal(mixed[0], images[0]) and torch.equal(mixed[1], torch.rot90(images[1], 1, (1, 2)))
    assert mixed.dtype == torch.uint8 and len(turned(images[:0], torch.zeros(0))) == 0


def test_turning_keeps_lengths_on_images_that_are_not_square():
    image = torch.zeros(1, 1, 9, 21, dtype=torch.uint8)
    image[0, 0, 4, 7:14] = 200  # a bar of 7 pixels through the centre
    out = turned(image, torch.tensor([90.0]))
    torch.testing.assert_close(out[0, 0, 1:8, 10], torch.full((7,), 200, dtype=torch.uint8))
    assert out.long().sum() == image.long().sum()


def job(method):
    return small_job.job("regression", method, 60, 0.01)


@pytest.mark.parametrize("cls", [L1, ConR])
def test_a_run_is_prepared_trained_and_evaluated_on_angles(cls, tmp_path):
    made, other = job(cls()), job(L1())
    upright = made.data.train_images.clone()
    regression.prepare(made)
    regression.prepare(other)
    data = made.data
    assert torch.equal(data.train_images, turned(upright, 90 * data.train_labels))
    assert torch.equal(data.train_images, other.data.train_images)
    assert torch.equal(data.test_labels, other.data.test_labels)
    assert data.train_labels.abs().mean() < 0.35 < data.test_labels.abs().mean()
    rows = regression.train(made, tmp_path / "state", 1e9, lambda row: None)
    assert len(rows) == 2
    evaluation = regression.evaluate(made)
    assert set(evaluation.metrics) == {"mae", "gm", "mae_many", "mae_medium", "mae_few"}
    arrays = evaluation.arrays
    errors = (arrays["predictions"] - arrays["labels"]).abs()
    assert evaluation.metrics["mae"] == pytest.approx(errors.mean().item(), rel=1e-5)
    assert arrays["labels"].abs().max() > 45  # degrees
