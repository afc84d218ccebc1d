"""The softmax and what crosses the two cosines among images, by loops; without weights it is the softmax."""

import pytest

from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from pipeline.methods.embedding.tcm import TCM
from pipeline.methods.embedding.tcm_softmax import TCMSoftmax
from tests.kit.metric_learning import centred, matrix, pairs, points, value


@pytest.mark.parametrize("settings", [{}, {"negative_weight": 0.3, "negative_margin": 0.0}])
def test_tcm_softmax(settings):
    method, s, near, far = centred(TCMSoftmax, **settings), matrix(points()), [], []
    for i, own, others in pairs():
        near += [method.positive_margin - s[i, j].item() for j in own if s[i, j] <= method.positive_margin]
        far += [s[i, j].item() - method.negative_margin for j in others if s[i, j] >= method.negative_margin]
    wanted = method.positive_weight * sum(near) / len(near) + method.negative_weight * sum(far) / len(far)
    assert value(method) == pytest.approx(value(centred(NormalisedSoftmax)) + wanted, rel=1e-6)


def test_without_weights_it_is_the_softmax():
    assert value(centred(TCMSoftmax, positive_weight=0.0, negative_weight=0.0)) == value(centred(NormalisedSoftmax))


def test_both_forms_have_the_same_settings():
    for name in ("positive_weight", "negative_weight", "positive_margin", "negative_margin", "images_per_class"):
        assert getattr(TCM, name) == getattr(TCMSoftmax, name)
