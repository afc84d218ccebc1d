"""Supervised contrast of both views by loops; its value where every class is one point, in closed form."""

import math

import pytest
import torch

from pipeline.methods.contrastive_classifier.sup_con_classifier import SupConClassifier
from tests.kit.classifiers import embeddings
from tests.kit.losses import loop_contrast
from tests.kit.methods import batch, begun, made


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_the_contrast_is_sup_con_of_both_views(temperature):
    method, data = begun(made(SupConClassifier, temperature=temperature)), batch()
    want = loop_contrast(embeddings(method, data), data.labels.tolist() * 2, temperature)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)


def test_classes_at_right_angles():
    """Of 24 embeddings, 7 more are where an anchor is and 16 at a cosine of 0: log(7 + 16 exp(-1 / tau))."""
    method, data = made(SupConClassifier, temperature=0.5), batch()
    z = 3 * torch.eye(3)[data.labels]
    want = math.log(7 + 16 * math.exp(-2.0))
    assert method.contrast(data, z, z).item() == pytest.approx(want, rel=1e-5)
