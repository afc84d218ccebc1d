"""Pseudo-Label by loops, the ramp of its weight, and what carries a gradient."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.semi_supervised.pseudo_label import PseudoLabel
from tests.kit.losses import cross_entropy, mean_over, softmax
from tests.kit.methods import SIZE, made, unlabelled
from tests.kit.semi_supervised import LABELLED, WEAK, data, double, logits_of


@pytest.mark.parametrize("threshold", [0.0, 0.36])
@pytest.mark.parametrize(("progress", "weight"), [(0.05, 0.0), (0.1, 0.0), (0.35, 1.5), (0.6, 3.0), (0.9, 3.0)])
def test_against_loops(threshold, progress, weight):
    method = made(PseudoLabel, threshold=threshold).double()
    method.progress = progress
    given = double(data(PseudoLabel, ratio=3))
    labelled, own = logits_of(method, given)
    total = 0.0
    for z in own.tolist():
        q = softmax(z)
        total += cross_entropy(z, q.index(max(q))) * (max(q) >= threshold)
    want = mean_over(cross_entropy, labelled, given.labels) + weight * total / (3 * SIZE)
    assert total > 0 and method.loss(given).item() == pytest.approx(want, rel=1e-9)


def ramp(progress, **settings):
    method = PseudoLabel(**settings)
    method.progress = progress
    return method.ramp()


def test_the_ramp():
    assert [ramp(p, ramp_start=0.0, ramp_end=0.4) for p in (0.0, 0.1, 0.4, 0.7)] == pytest.approx([0, 0.25, 1, 1])
    assert [ramp(p, ramp_start=0.5, ramp_end=0.5) for p in (0.0, 0.49, 0.5, 0.9)] == [0, 0, 1, 1]
    assert ramp(0.0, ramp_start=0.0, ramp_end=0.0) == 1


def test_the_label_is_a_constant():
    """The gradient is p - y' for each sure image, over their number and that of the others."""
    torch.manual_seed(0)
    z = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    made(PseudoLabel, threshold=0.6).unlabelled_loss(unlabelled(), z).backward()
    p = z.detach().softmax(1)
    sure = p.amax(1) >= 0.6
    assert 0 < sure.sum() < 6
    torch.testing.assert_close(z.grad, (p - F.one_hot(p.argmax(1), 4)) * sure[:, None] / 6)


def test_by_default_as_in_the_paper():
    method = PseudoLabel()
    assert (method.unlabelled_ratio, method.unlabelled_weight, method.threshold) == (8, 3.0, 0.0)
    assert method.streams == {"unlabelled": ("full",)}


@pytest.mark.parametrize(("threshold", "value"), [(0.7, 0.14281001282245356), (0.0, 0.14281001282245356)])
def test_against_code_of_fixmatchs_authors(threshold, value):
    """Where all images are sure. Elsewhere their mask (B, 1) makes a matrix of the losses (B,): see the class."""
    method = made(PseudoLabel, threshold=threshold)
    assert method.unlabelled_loss(unlabelled(), WEAK).item() == pytest.approx(value, rel=1e-12)
    assert method.objective(LABELLED, torch.arange(3)).item() == pytest.approx(0.7619068168094582, rel=1e-12)


def test_where_that_code_masks_it_scales():
    """Their loss at a threshold of 0.9: the mean over all images, times the share of sure ones, three of five."""
    method = made(PseudoLabel, threshold=0.9)
    every = made(PseudoLabel).unlabelled_loss(unlabelled(), WEAK).item()
    sure = WEAK.softmax(1).amax(1) >= 0.9
    assert every * sure.double().mean().item() == pytest.approx(0.08568600769347214, rel=1e-12)
    assert method.unlabelled_loss(unlabelled(), WEAK).item() < 0.08568600769347214
