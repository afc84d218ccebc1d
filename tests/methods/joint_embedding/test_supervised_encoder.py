"""Cross-entropy of the head by slow loops, and the classifier `cross_entropy` with the same weights as its equal."""

import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.joint_embedding.supervised_encoder import SupervisedEncoder
from tests.kit.methods import SIZE, batch, made, step


def test_the_supervised_encoder_minimises_cross_entropy_of_its_head():
    method, data = made(SupervisedEncoder), batch(("full",))
    logits = method.head(method.encoder(data.views[0])).double()
    expected = 0.0
    for row, label in zip(logits.tolist(), data.labels.tolist(), strict=True):
        expected -= (row[label] - math.log(sum(math.exp(x) for x in row))) / SIZE
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_it_trains_as_the_classifier_does_and_gives_the_features_below_the_head():
    method, classifier = made(SupervisedEncoder), made(CrossEntropy)
    assert all(torch.equal(a, b) for a, b in zip(method.parameters(), classifier.parameters(), strict=True))
    for seed in (1, 2, 3):
        data = batch(("full",), seed=seed)
        assert step(method, data).item() == pytest.approx(step(classifier, data).item(), rel=1e-6)
    images = batch(("full",)).views[0]
    torch.testing.assert_close(method.eval().features(images), classifier.eval().encoder(images))
