"""FixMatch by loops; its authors' losses on fixed logits; what carries a gradient and what does not."""

import pytest
import torch

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.pseudo_label import PseudoLabel
from tests.kit.losses import cross_entropy, mean_over, softmax
from tests.kit.methods import SIZE, batch, made, unlabelled
from tests.kit.semi_supervised import STRONG, WEAK, data, double, logits_of


@pytest.mark.parametrize("threshold", [0.0, 0.355, 0.37])
def test_against_loops(threshold):
    method = made(FixMatch, threshold=threshold, unlabelled_weight=0.7).double()
    given = double(data(FixMatch, ratio=3))
    labelled, weak, strong = logits_of(method, given)
    total, used = 0.0, 0
    for z, other in zip(weak.tolist(), strong.tolist(), strict=True):
        q = softmax(z)
        if max(q) >= threshold:
            used += 1
            total += cross_entropy(other, q.index(max(q)))
    assert used == 3 * SIZE if threshold == 0 else 0 < used < 3 * SIZE
    want = mean_over(cross_entropy, labelled, given.labels) + 0.7 * total / (3 * SIZE)
    assert method.loss(given).item() == pytest.approx(want, rel=1e-9)


def test_no_gradient_flows_through_the_pseudo_label():
    """Only strong views learn: the loss is flat in the logits of weak ones."""
    torch.manual_seed(0)
    weak, strong = (torch.randn(8, 3, requires_grad=True) for _ in range(2))
    made(FixMatch, threshold=0.6).unlabelled_loss(unlabelled(), weak, strong).backward()
    sure = weak.softmax(1).amax(1) >= 0.6
    assert 0 < sure.sum() < 8
    assert weak.grad is None
    assert strong.grad[sure].any(1).all() and not strong.grad[~sure].any()


def test_the_threshold_itself_is_sure():
    weak, strong = torch.zeros(4, 2), torch.randn(4, 2)
    assert made(FixMatch, threshold=0.5).unlabelled_loss(unlabelled(), weak, strong) > 0
    assert made(FixMatch, threshold=0.51).unlabelled_loss(unlabelled(), weak, strong) == 0


def test_by_default_as_in_the_paper():
    method = FixMatch()
    assert (method.unlabelled_ratio, method.threshold, method.unlabelled_weight) == (7, 0.95, 1.0)
    assert method.ramp() == 1.0
    assert method.streams == {"unlabelled": ("full", "strong")} and method.views == ("full",)


def test_a_strong_view_like_the_weak_one_makes_pseudo_labels_of_the_same_view():
    stream = unlabelled(("full",), 2 * SIZE)
    own = made(PseudoLabel, threshold=0.37, unlabelled_weight=1.0, batch_norm=False)
    own.progress = 0.9
    method = made(FixMatch, threshold=0.37, batch_norm=False)
    method.load_state_dict(own.state_dict())
    twice = unlabelled(("full",), 2 * SIZE)
    twice.views = [stream.views[0], stream.views[0]]
    loss = own.loss(batch(("full",), unlabelled=stream))
    torch.testing.assert_close(method.loss(batch(("full",), unlabelled=twice)), loss)


@pytest.mark.parametrize(
    ("threshold", "value"),
    [(0.95, 0.269883708973475), (0.9, 0.5564548023492288), (0.7, 1.223124786251081), (0.0, 1.223124786251081)],
)
def test_against_the_authors_code(threshold, value):
    """The unlabelled loss of google-research/fixmatch (fixmatch.py) and of kekmodel/FixMatch-pytorch (train.py)."""
    found = made(FixMatch, threshold=threshold).unlabelled_loss(unlabelled(), WEAK, STRONG)
    assert found.item() == pytest.approx(value, rel=1e-12)
