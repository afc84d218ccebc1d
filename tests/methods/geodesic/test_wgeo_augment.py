"""The loss by loops, which place is taken, and what the ablations take out, of all that learn on geodesics."""

import copy
import dataclasses

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.geodesic.wgeo_at import WGeoAT
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.ops.geodesics import between
from tests.kit.classifiers import check_kept_state, check_reach, doubled
from tests.kit.methods import CONTEXT, batch, made, members, step
from tests.kit.rules import check_that_hard_batches_are_no_trouble

FAMILY = members("geodesic", WGeoAugment)


def data(seed=2):
    return doubled(batch(("full",), seed=seed))


def couple(given, seed):
    """The classes that meet, of three, by the draws of the method."""
    torch.manual_seed(seed)
    return torch.randperm(3)[:2]


@pytest.mark.parametrize("transport", [True, False])
@pytest.mark.parametrize("worst", [True, False])
def test_the_loss_by_loops(worst, transport):
    method = made(WGeoAugment, worst=worst, transport=transport, grid=4).double()
    step(method, data(seed=5))
    given, slow = data(), copy.deepcopy(method)
    want = F.cross_entropy(slow.logits(slow.encoder(given.views[0])), given.labels)
    a, b = pair = couple(given, 4)
    made_here = between(given.views[0], given.labels, pair[None], CONTEXT.inputs, transport)

    def mean(t):
        points = [(1 - t) * x + t * y for x, y in zip(made_here.starts, made_here.ends, strict=True)]
        log_p = slow.logits(slow.encoder(torch.stack(points))).log_softmax(1)
        return sum(-(1 - t) * row[a] - t * row[b] for row in log_p) / len(points)

    slow.eval()
    t = max((k / 3 for k in range(4)), key=mean) if worst else torch.rand(1, dtype=torch.float64).item()
    slow.train()
    want = want + mean(t)
    torch.manual_seed(4)
    found = method.loss(given)
    torch.testing.assert_close(found, want)
    slopes = (torch.autograd.grad(loss, list(of.parameters())) for loss, of in ((found, method), (want, slow)))
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_batch_of_one_class_is_learned_as_without_geodesics(cls):
    given = dataclasses.replace(data(), labels=torch.zeros(12, dtype=torch.int64))
    method, other = made(cls).double(), made(PGDAT if cls is WGeoAT else CrossEntropy).double()
    torch.manual_seed(3)
    found = method.loss(given)
    torch.manual_seed(3)
    torch.testing.assert_close(found, other.loss(given))


@pytest.mark.parametrize("cls", FAMILY)
def test_ablations_change_the_outcome(cls):
    losses = []
    for given in ({}, {"worst": False}, {"worst": False, "transport": False}):
        method = made(cls, **given).double()
        torch.manual_seed(4)
        losses.append(method.loss(data()).item())
    assert len(set(losses)) == 3


@pytest.mark.parametrize("cls", FAMILY)
def test_the_order_of_images_decides_nothing_where_transport_pairs_them(cls):
    """Of a batch with equally many of each class."""
    given, order = data(), torch.randperm(12, generator=torch.Generator().manual_seed(1))
    turned = dataclasses.replace(given, views=[given.views[0][order]], labels=given.labels[order])
    settings = {"radius": 0.0} if cls is WGeoAT else {}
    losses = []
    for each in (given, turned):
        method = made(cls, **settings).double()
        torch.manual_seed(4)
        losses.append(method.loss(each))
    torch.testing.assert_close(*losses)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_search_leaves_state_alone(cls):
    method, given = made(cls), batch(("full",))
    pair = between(given.views[0], given.labels, torch.tensor([[0, 1]]), CONTEXT.inputs)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    with torch.no_grad():
        assert method.curve(pair).shape == (5, 1)
    assert method.training and all(torch.equal(value, before[name]) for name, value in method.state_dict().items())


@pytest.mark.parametrize("cls", FAMILY)
def test_reach_hard_batches_and_what_is_kept(cls):
    method = made(cls)
    step(method, batch(("full",)))
    check_kept_state(method, made(cls, seed=9), batch(("full",)).views[0])
    method.train()
    check_reach(method, batch(("full",), seed=5))
    check_that_hard_batches_are_no_trouble(made(cls))
