"""The penalty on the largest logit by loops as alpha rises; label smoothing where every prediction is right."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.label_smoothing import LabelSmoothing
from pipeline.methods.classifier.max_sup import MaxSup
from tests.kit.losses import cross_entropy, gradient, mean_over


def slow(alpha):
    return lambda z, y: cross_entropy(z, y) + alpha * (max(z) - sum(z) / len(z))


@pytest.mark.parametrize("progress", [0.0, 0.25, 0.999])
def test_max_sup_raises_alpha_linearly(progress, logits, labels):
    method = MaxSup()
    method.progress = progress
    want = mean_over(slow(0.1 + 0.1 * progress), logits, labels)
    assert method.objective(logits, labels).item() == pytest.approx(want)
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_alpha_zero_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(MaxSup(alpha_start=0.0, alpha_end=0.0).objective(logits, labels), want)


def test_it_is_label_smoothing_where_every_prediction_is_right_and_more_where_not(logits):
    right, wrong = logits.argmax(1), logits.argmin(1)
    smooth, sup = LabelSmoothing(alpha=0.1), MaxSup(alpha_start=0.1, alpha_end=0.1)
    torch.testing.assert_close(sup.objective(logits, right), smooth.objective(logits, right))
    gap = 0.1 * (logits.amax(1) - logits.amin(1)).mean()
    torch.testing.assert_close(sup.objective(logits, wrong) - smooth.objective(logits, wrong), gap)


def test_the_penalty_reaches_the_top_logit_and_the_mean():
    z, y = torch.tensor([[2.0, 0.0, 1.0, -1.0]], dtype=torch.float64), torch.tensor([2])
    want = z.softmax(1) - torch.eye(4, dtype=torch.float64)[y] + torch.tensor([[0.3, -0.1, -0.1, -0.1]])
    method = MaxSup(alpha_start=0.4, alpha_end=0.4)
    torch.testing.assert_close(gradient(lambda v: method.objective(v, y), z), want)
