"""Log-posteriors by loops and by scikit-learn's naive Bayes on the base's features; nothing of the base is touched."""

import copy
import math

import pytest
import torch
from sklearn.naive_bayes import GaussianNB

from pipeline.methods.classifier.naive_bayes_head import NaiveBayesHead
from tests.kit.classifiers import trained_base
from tests.kit.losses import log_softmax
from tests.kit.methods import CONTEXT, SIDE, Training, begun, made, on

K, N = CONTEXT.num_classes, CONTEXT.train_examples


def fitted(training=None, base=None):
    return begun(made(NaiveBayesHead, context=on(base or trained_base())), training=training).eval()


def test_it_is_scikit_learns_on_the_bases_features():
    training, base = Training(labels=torch.arange(N) ** 2 % 7 % K), trained_base()
    method = fitted(training, base)
    train = base.encoder(torch.cat(list(training.plain())))
    images = torch.randn(30, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(8))
    test = base.encoder(images)
    torch.testing.assert_close(method.features(images), test)
    reference = GaussianNB(var_smoothing=0).fit(train.double().numpy(), training.labels.numpy())
    reference.var_[:] = reference.class_prior_ @ reference.var_
    want = torch.from_numpy(reference.predict_proba(test.double().numpy())).float()
    got = method.logits(test).softmax(1)
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-5)
    assert got.argmax(1).unique().numel() > 1


def test_naive_bayes_head_against_loops():
    training, method = Training(), fitted()
    features = method.encoder(torch.cat(list(training.plain()))).double()
    x = features.tolist()
    low, high = [min(column) for column in zip(*x, strict=True)], [max(column) for column in zip(*x, strict=True)]
    x = [[(v - a) / (b - a) for v, a, b in zip(row, low, high, strict=True)] for row in x]
    groups = [[row for row, y in zip(x, training.labels.tolist(), strict=True) if y == k] for k in range(K)]
    means = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in groups]
    variance = [
        sum((row[j] - means[k][j]) ** 2 for k, group in enumerate(groups) for row in group) / len(x) + 1e-9
        for j in range(len(low))
    ]
    for row, got in zip(x[:6], method.logits(features[:6].float()).tolist(), strict=True):
        joint = [
            math.log(len(groups[k]) / len(x))
            - sum((v - m) ** 2 / (2 * s) for v, m, s in zip(row, means[k], variance, strict=True))
            for k in range(K)
        ]
        assert got == pytest.approx(log_softmax(joint), rel=1e-4, abs=1e-4)


def test_it_looks_without_touching():
    """Fitted in training mode, the encoder keeps its batch statistics, which are the base's, and the base its own."""
    base = trained_base()
    before = copy.deepcopy(base.encoder.state_dict())
    method = fitted(base=base)
    assert not method.train().encoder.training
    for name, value in method.encoder.state_dict().items():
        assert torch.equal(value, before[name]) and torch.equal(value, base.encoder.state_dict()[name]), name
    assert not any(p.requires_grad for p in base.parameters())


def test_it_is_kept_whole():
    method, images = fitted(), torch.randn(6, 1, SIDE, SIDE)
    again = made(NaiveBayesHead, seed=4, context=on(trained_base(9))).eval()
    again.load_state_dict(method.state_dict())
    assert torch.equal(method.logits(method.features(images)), again.logits(again.features(images)))


def test_logits_are_finite_where_a_class_has_no_images():
    method = fitted(Training(labels=torch.arange(N) % (K - 1)))
    logits = method.logits(method.features(torch.randn(6, 1, SIDE, SIDE)))
    assert logits.dtype == torch.float32 and logits.isfinite().all()
    assert logits.argmax(1).max() < K - 1 and (logits.softmax(1)[:, -1] == 0).all()
