"""What holds of every semi-supervised classifier: one forward pass, no labels but the labelled ones', limits."""

import copy

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.mixmatch import MixMatch
from pipeline.methods.semi_supervised.pseudo_label import PseudoLabel
from tests.kit.classifiers import check_kept_state, check_reach
from tests.kit.methods import SIZE, batch, made, members, step, unlabelled
from tests.kit.semi_supervised import at_the_end, data, double

FAMILY = members("semi_supervised")
PART = {"shrink_match": {"threshold": 0.36}, "mixmatch": {"alpha": 0.0}}
NONE = {"threshold": 1.0}
STEADY = ("pseudo_label", "fixmatch", "flexmatch", "freematch", "fst")
"""Whose targets are classes, and whose inputs all count from the start: other losses may grow with what is learnt."""


def every(cls):
    """Settings with which every pseudo-label is taken, or all parts of the loss count."""
    return PART.get(cls.paper, {"threshold": 0.0})


@pytest.mark.parametrize("cls", FAMILY)
def test_the_stream_is_as_large_as_its_ratio_says(cls):
    sizes = made(cls, unlabelled_ratio=3).stream_sizes(5)
    assert sizes["unlabelled"] == 3 * sizes.get("train", 5)
    assert cls.streams.keys() == {"unlabelled"}


SILENT = [
    *((cls, {"unlabelled_weight": 0.0, **every(cls)}) for cls in FAMILY),
    *((cls, NONE) for cls in (FixMatch, PseudoLabel)),
]


@pytest.mark.parametrize(("cls", "settings"), SILENT)
def test_without_what_the_stream_says_it_is_cross_entropy(cls, settings):
    method, given = at_the_end(cls, batch_norm=False, **settings), data(cls)
    plain, labelled = copy.deepcopy(method), batch(("full",))
    expected = F.cross_entropy(plain.logits(plain.encoder(labelled.views[0])), labelled.labels)
    expected.backward()
    torch.testing.assert_close(method.backward(given), expected)
    found = dict(method.named_parameters())
    for name, parameter in plain.named_parameters():
        absent = torch.zeros_like(parameter)
        want, have = (absent if each.grad is None else each.grad for each in (parameter, found[name]))
        torch.testing.assert_close(have, want, msg=name)


@pytest.mark.parametrize("cls", FAMILY)
def test_all_views_share_their_batch_statistics(cls):
    method, given = at_the_end(cls, **every(cls)), data(cls)
    seen = []
    method.encoder.register_forward_pre_hook(lambda _, images: seen.append(images[0]))
    method.loss(given)
    images = seen.pop()
    assert not seen or cls is MixMatch  # which labels what it will mix in a pass before, that moves no statistics
    assert torch.equal(images, torch.cat([given.views[0], *given["unlabelled"].views]))
    with torch.no_grad():
        found = method.encoder.convolution(images)
    torch.testing.assert_close(method.encoder.norm.running_mean, 0.1 * found.mean((0, 2, 3)))


@pytest.mark.parametrize("cls", FAMILY)
def test_labels_of_the_stream_are_not_read(cls):
    method, given = at_the_end(cls, **every(cls)), data(cls)
    expected = method.loss(given)
    given["unlabelled"].labels = None
    assert torch.equal(at_the_end(cls, **every(cls)).loss(given), expected)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_weight_counts_linearly(cls):
    weighted = [at_the_end(cls, unlabelled_weight=weight, **every(cls)).double() for weight in (0.0, 1.0, 3.0)]
    losses = [method.loss(double(data(cls))) for method in weighted]
    torch.testing.assert_close(losses[2] - losses[0], 3 * (losses[1] - losses[0]))
    assert losses[1] > losses[0]


@pytest.mark.parametrize("cls", FAMILY)
def test_the_order_of_the_stream_does_not_matter(cls):
    method, given = at_the_end(cls, **every(cls)).double(), double(data(cls))
    expected = method.loss(given)
    order = torch.randperm(2 * SIZE)
    given["unlabelled"].views = [view[order] for view in given["unlabelled"].views]
    given["unlabelled"].indices = given["unlabelled"].indices[order]
    torch.testing.assert_close(at_the_end(cls, **every(cls)).double().loss(given), expected)


@pytest.mark.parametrize("cls", FAMILY)
def test_it_learns_from_labelled_and_unlabelled_images(cls):
    weight = min(cls.unlabelled_weight, 5.0)  # of random images, sharpened guesses that weigh more agree on one class
    method, given = at_the_end(cls, unlabelled_weight=weight, **every(cls)), data(cls)
    check_reach(method, given)
    before = method.loss(given)
    for _ in range(30):
        step(method, given)
    assert cls.paper not in STEADY or method.loss(given) < 0.8 * before
    with torch.no_grad():
        assert F.cross_entropy(method.logits(method.encoder(given.views[0])), given.labels) < before


@pytest.mark.parametrize("cls", FAMILY)
@pytest.mark.parametrize("half", [False, True])
def test_few_images_and_images_without_difference_are_no_trouble(cls, half):
    flat = data(cls)
    for part in (flat, flat["unlabelled"]):
        part.views = [torch.ones_like(view) for view in part.views]
    few = batch(("full",), size=1, unlabelled=unlabelled(cls.streams["unlabelled"], 1))
    for given in (flat, few):
        method = at_the_end(cls, **every(cls))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = method.loss(given)
        loss.backward()
        assert loss.isfinite() and all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_the_kept_state_alone(cls):
    method = at_the_end(cls, **every(cls))
    step(method, data(cls))
    check_kept_state(method, made(cls, seed=9), torch.randn(5, 1, 8, 8))


@pytest.mark.parametrize("cls", FAMILY)
def test_it_tells_what_it_takes_unlabelled_images_for(cls):
    method, given = at_the_end(cls), data(cls)
    step(method, given)
    with torch.no_grad():
        images = given["unlabelled"].views[0]
        classes, weights = method.eval().pseudo_labels(images, torch.arange(len(images)))
    assert classes.shape == weights.shape == (len(images),) and classes.dtype == torch.int64
    assert ((classes >= 0) & (classes < 3)).all() and ((weights >= 0) & (weights <= 1)).all()
