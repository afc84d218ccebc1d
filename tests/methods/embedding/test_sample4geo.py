"""Neighbours by order and by embeddings, by loops; when they are renewed; without either, random batches."""

import pytest
import torch

from pipeline.methods.embedding.info_nce_cross import InfoNCECross
from pipeline.methods.embedding.sample4geo import Sample4Geo
from pipeline.ops.neighbour_batches import by_neighbours
from tests.kit.methods import begun, normalised, unit
from tests.kit.metric_learning import rows
from tests.methods.embedding.test_info_nce_cross import PAIRS, PLACES, paired, training

FEW = {"neighbours": 5, "selected": 4, "period": 2}


def sampled(epoch=0, **settings):
    """The method before an epoch, from the first one on."""
    method = paired(Sample4Geo, **{**FEW, **settings})
    for each in range(epoch + 1):
        begun(method, training=training(), epoch=each)
    return method


def arranged(method, seed=7):
    torch.manual_seed(seed)
    return method.arrange(torch.randperm(2 * PAIRS))


def test_at_first_near_means_on_the_ground():
    method = sampled()
    for place, found in enumerate(method.nearest.tolist()):
        away = sorted((abs(other - place), other) for other in range(PLACES) if other != place)
        assert found == [other for _, other in away[:5]]
    for epoch in (1, 5):
        assert torch.equal(sampled(epoch, similar=False).nearest, method.nearest)
    assert torch.equal(sampled(1).nearest, method.nearest)


def by_embeddings(method):
    """The places' nearest others by a query's cosine with references, of means of unit vectors."""
    given = training()
    with torch.no_grad():
        z = [unit(row) for row in method.eval().encoder(normalised(given.inputs)).tolist()]
    means = []
    for view in (0, 1):
        of_place = [[z[2 * p + view] for p in range(PAIRS) if given.labels[2 * p] == place] for place in range(PLACES)]
        means.append(torch.tensor([[sum(x) for x in zip(*each, strict=True)] for each in of_place]))
    cosines = rows(*means)
    order = [sorted(range(PLACES), key=lambda k, row=row: -row[k]) for row in cosines]
    return [[other for other in each if other != place][:5] for place, each in enumerate(order)]


@pytest.mark.parametrize("geographic", [True, False])
def test_later_it_means_alike(geographic):
    method = sampled(2, geographic=geographic)
    assert method.encoder.training
    assert method.nearest.tolist() == by_embeddings(method)


def test_neighbours_are_renewed_every_so_often():
    method = sampled(2)
    old = method.nearest.clone()
    with torch.no_grad():
        for parameter in method.encoder.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    assert torch.equal(begun(method, training=training(), epoch=3).nearest, old)
    assert not torch.equal(begun(method.train(), training=training(), epoch=4).nearest, old)
    assert method.nearest.tolist() == by_embeddings(method)


def test_batches_are_of_neighbours():
    method = sampled()
    found = arranged(method)
    torch.manual_seed(7)
    order = torch.randperm(2 * PAIRS)
    pairs = by_neighbours(order[order % 2 == 0] // 2, training().labels[::2], method.nearest, 2, 4)
    assert torch.equal(found[::2], 2 * pairs) and torch.equal(found[1::2], 2 * pairs + 1)
    assert all(len(training().labels[part].unique()) == 4 for part in found.split(8))


def test_without_neighbours_it_is_info_nce_on_random_batches():
    plain = begun(paired(InfoNCECross), training=training())
    for epoch, similar in ((0, True), (1, True), (6, False)):
        assert torch.equal(arranged(sampled(epoch, geographic=False, similar=similar)), arranged(plain))
    assert not torch.equal(arranged(sampled(2, geographic=False)), arranged(plain))


def test_a_resumed_run_finds_its_neighbours():
    whole, resumed = sampled(3), paired(Sample4Geo, **FEW)
    resumed.load_state_dict(whole.state_dict())
    begun(resumed, training=training(), epoch=3)
    assert torch.equal(arranged(whole), arranged(resumed))
