"""Outlier factors, Gaussians and the loss by loops; borrowing by hand; what is sampled, and what anchoring holds."""

import copy
import math

import pytest
import torch
from torch import nn

from pipeline.contract import Batch
from pipeline.methods.robust.rcal import RCAL, outlier_factors
from tests.kit.classifiers import kept, member
from tests.kit.losses import cross_entropy
from tests.kit.methods import FEATURES, SIZE, Training, batch, begun, classifier, made, normalised, on, step


def upon(**settings):
    """A method and its base, whose batch normalisation has seen nothing."""
    base = classifier(seed=7).eval().requires_grad_(False)
    return made(RCAL, context=on(base), **settings), base


def started(training=None, **settings):
    return begun(upon(**settings)[0], training=training)


def loop_outlier_factors(points, neighbours):
    near = [
        sorted((j for j in range(len(points)) if j != i), key=lambda j, p=p: math.dist(p, points[j]))[:neighbours]
        for i, p in enumerate(points)
    ]
    reach = [math.dist(points[i], points[near[i][-1]]) for i in range(len(points))]
    density = [
        neighbours / sum(max(math.dist(points[i], points[j]), reach[j]) for j in near[i]) for i in range(len(points))
    ]
    return [sum(density[j] for j in near[i]) / neighbours / density[i] for i in range(len(points))]


def test_outlier_factors():
    points = torch.randn(20, 3, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    points[4] += 8
    got = outlier_factors(points, 5)
    torch.testing.assert_close(got, torch.tensor(loop_outlier_factors(points.tolist(), 5), dtype=torch.float64))
    assert got.argmax() == 4 and got[4] > 2
    assert outlier_factors(points[:1], 5).tolist() == [1.0]
    torch.testing.assert_close(outlier_factors(points, 50), outlier_factors(points, 19))
    assert outlier_factors(torch.zeros(6, 2), 3).tolist() == pytest.approx([1.0] * 6)


def test_gaussians_are_fitted_to_what_outliers_leave():
    training, (method, base) = Training(), upon(outliers=0.25)
    begun(method, training=training)
    # statistics of batch normalisation are the mean over the chunks, not those of the base
    with torch.no_grad():
        chunks = [base.encoder.convolution(part) for part in training.plain()]
    means = torch.stack([part.mean((0, 2, 3)) for part in chunks]).mean(0)
    torch.testing.assert_close(method.encoder.norm.running_mean, means)
    assert method.encoder.training and method.encoder.norm.momentum == 0.1
    with torch.no_grad():
        features = method.encoder.eval()(normalised(training.inputs))
    torch.testing.assert_close(method.anchors, features)
    spread = sum(float(((features[:, d] - features[:, d].mean()) ** 2).mean()) for d in range(FEATURES))
    assert method.spread.item() == pytest.approx(spread, rel=1e-4)
    for c in range(3):
        members = [i for i in range(48) if i % 3 == c]
        factors = loop_outlier_factors(features[members].double().tolist(), 5)  # 0.3 of 16
        out = sorted(range(16), key=factors.__getitem__)[12:]
        assert {members[i] for i in out} == {i for i in members if method.suspects()[i]}
        left = features[[members[i] for i in range(16) if i not in out]].double()
        torch.testing.assert_close(method.means[c].double(), left.mean(0), rtol=1e-4, atol=1e-6)
        covariance = method.roots[c] @ method.roots[c].T
        torch.testing.assert_close(covariance.double(), left.T.cov(), rtol=1e-3, atol=1e-6)
        want = -torch.tensor(factors).double()
        torch.testing.assert_close(method.label_scores()[members].double(), want, rtol=1e-3, atol=0)


def test_tail_classes_borrow_from_the_nearest_head_classes():
    method = RCAL(heads=2, borrowed=0.25)
    means = torch.tensor([[0.0, 0], [4, 0], [0, 9], [1, 0], [0, 0.5]])
    covariances = torch.arange(5.0)[:, None, None] * torch.eye(2)
    got, spread = method.borrow(means, covariances, torch.tensor([50, 40, 60, 4, 3]))
    torch.testing.assert_close(got[:3], means[:3])
    # classes 0 and 1 are nearest to 3; 0 and 1 also to 4, which is as near to 3, itself a tail class
    torch.testing.assert_close(got[3:], torch.tensor([[1.25, 0], [0.5, 0.375]]))
    torch.testing.assert_close(spread[:, 0, 0], torch.tensor([0.0, 1, 2, 2.375, 3.125]))
    same, _ = method.borrow(means, covariances, torch.tensor([50, 40, 60, 45, 30]))
    torch.testing.assert_close(same, means)


def test_it_survives_classes_of_one_example_or_none():
    method = started(Training(labels=torch.tensor([0] * 47 + [1])))
    assert all(value.isfinite().all() for value in method.state_dict().values())
    assert method.loss(batch(("full",))).isfinite()


def test_each_class_is_sampled_alike_from_its_gaussian():
    method = started()
    torch.manual_seed(0)
    drawn, classes = method.sample(20000)
    for c in range(3):
        mine = drawn[classes == c]
        assert len(mine) == 20000
        covariance = method.roots[c] @ method.roots[c].T
        scale = covariance.diagonal().max()
        assert ((mine.mean(0) - method.means[c]).abs() < 0.05 * scale.sqrt()).all()
        assert ((mine.T.cov() - covariance).abs() < 0.05 * scale).all()


def test_rcal_loss():
    method, data = started(sampling=0.5, anchoring=2.0), batch(("full",))
    torch.manual_seed(9)
    got = method.loss(data).item()
    torch.manual_seed(9)
    share = float(torch.distributions.Beta(1.0, 1.0).sample())
    others = torch.randperm(SIZE).tolist()
    images = torch.stack([share * data.views[0][i] + (1 - share) * data.views[0][others[i]] for i in range(SIZE)])
    features = method.encoder(images).detach()
    logits, labels = method.head(features).double().tolist(), data.labels.tolist()
    fit = moved = 0.0
    for i, j in enumerate(others):
        fit += share * cross_entropy(logits[i], labels[i]) + (1 - share) * cross_entropy(logits[i], labels[j])
        anchor = share * method.anchors[i] + (1 - share) * method.anchors[j]
        moved += float(((features[i] - anchor) ** 2).sum())
    drawn, classes = method.sample(4)
    rows = method.head(drawn).double().tolist()
    clean = sum(cross_entropy(z, int(c)) for z, c in zip(rows, classes, strict=True)) / SIZE
    want = fit / SIZE + 0.5 * clean + 2.0 * moved / SIZE / method.spread.item()
    assert got == pytest.approx(want, rel=1e-4)


def test_the_base_is_left_alone_and_anchoring_holds_the_encoder():
    training, images, drift = Training(), normalised(Training().inputs), {}
    for anchoring in (0.0, 0.3):
        method, base = upon(anchoring=anchoring, sampling=0.0, mixup=1e-3)  # next to no mixing
        before = copy.deepcopy(base.state_dict())
        begun(method, training=training)
        torch.manual_seed(2)
        for _ in range(150):
            step(method, Batch([images], training.labels, torch.arange(48)), 0.1)
        assert all(base.state_dict()[name].equal(value) for name, value in before.items())
        assert method.encoder.convolution.weight.requires_grad
        assert set(kept(method)) - set(kept(base)) == {"factors", "found"}
        drift[anchoring] = (method.eval().encoder(images) - method.anchors).square().mean().item()
    assert 0 < drift[0.3] < drift[0.0] / 2


def test_clean_features_train_the_head_alone():
    method = begun(member(RCAL, sampling=1.0, anchoring=0.0))
    drawn, classes = method.sample(4)
    nn.functional.cross_entropy(method.logits(drawn), classes).backward()
    assert method.head.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in method.encoder.parameters())
