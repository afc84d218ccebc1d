"""Contrast on two levels by loops; how classes are split, how even and how right; temperatures class by class."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.contrastive_classifier.sbcl import SBCL
from pipeline.methods.contrastive_classifier.sup_con_classifier import SupConClassifier
from tests.kit.classifiers import embeddings
from tests.kit.losses import loop_contrast
from tests.kit.methods import CONTEXT, SIZE, batch, begun, dot, made

N = CONTEXT.train_examples


def loop_sbcl(z, labels, subclasses, temperatures, tau, beta):
    size, coarse = len(z) // 2, 0.0
    for i, anchor in enumerate(z):
        twin, t = (i + size) % len(z), temperatures[labels[i]]
        positives = [
            j for j in range(len(z)) if j == twin or (labels[j] == labels[i] and subclasses[j] != subclasses[i])
        ]
        considered = [j for j in range(len(z)) if j == twin or subclasses[j] != subclasses[i]]
        below = sum(math.exp(dot(anchor, z[j]) / t) for j in considered)
        coarse -= sum(math.log(math.exp(dot(anchor, z[j]) / t) / below) for j in positives) / len(positives)
    return loop_contrast(z, subclasses, tau) + beta * coarse / len(z)


@pytest.mark.parametrize("beta", [0.0, 0.25, 2.0])
def test_sbcl_on_two_levels(beta):
    method, data = begun(made(SBCL, beta=beta), epoch=10), batch()
    method.subclasses.copy_(torch.arange(N) % 6)  # classes 0, 1, 2 have subclasses {0, 3}, {1, 4}, {2, 5}
    method.temperatures.copy_(torch.tensor([0.1, 0.3, 0.2]))
    z = embeddings(method, data)
    labels, subclasses = data.labels.tolist() * 2, (torch.arange(SIZE) % 6).tolist() * 2
    want = loop_sbcl(z, labels, subclasses, [0.1, 0.3, 0.2], 0.1, beta)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)
    method.loss(data).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_it_is_sup_con_until_the_first_clustering_and_where_no_class_is_split():
    sup_con, data = begun(made(SupConClassifier)).loss(batch()), batch()
    torch.testing.assert_close(begun(made(SBCL), epoch=9).loss(data), sup_con)
    whole = begun(made(SBCL, beta=0.0, least=1000), epoch=10)
    assert whole.counts == [1, 1, 1]
    torch.testing.assert_close(whole.loss(data), sup_con)
    assert begun(made(SBCL), epoch=10).loss(data) != sup_con


@pytest.mark.parametrize(
    "counts, least, want", [((500, 60, 5), 10, [50, 6, 1]), ((500, 60, 20), 10, [25, 3, 1]), ((30, 0, 4), 1, [7, 1, 1])]
)
def test_subclasses_are_as_small_as_the_rarest_class_but_not_smaller_than_the_least(counts, least, want):
    assert made(SBCL, context=dataclasses.replace(CONTEXT, class_counts=counts), least=least).counts == want


def clustered(labels, memory, counts):
    method = made(SBCL, context=dataclasses.replace(CONTEXT, class_counts=counts), least=4, projection_dim=2)
    method.labels.copy_(labels)
    method.memory.copy_(memory)
    method.cluster(torch.Generator().manual_seed(0))
    return method


def test_clustering_splits_frequent_classes_evenly_and_finds_what_belongs_together():
    torch.manual_seed(5)
    labels = torch.tensor([0] * 32 + [1] * 12 + [2] * 4)[torch.randperm(N)]
    angle = torch.rand(N) * 0.1
    for c, groups in ((0, 8), (1, 3), (2, 1)):
        places = (labels == c).nonzero().squeeze(1)
        angle[places] += (torch.arange(len(places)) % groups) * (6.28 / groups)
    memory = torch.stack([angle.cos(), angle.sin()], 1)
    method = clustered(labels, memory, (32, 12, 4))
    assert method.counts == [8, 3, 1]
    assert torch.bincount(method.subclasses, minlength=12).tolist() == [4] * 12
    for c, numbers in ((0, range(8)), (1, range(8, 11)), (2, [11])):
        assert set(method.subclasses[labels == c].tolist()) == set(numbers)
    ends = [angle[method.subclasses == s].aminmax() for s in range(8, 11)]
    assert all(high - low < 0.2 for low, high in ends)


def test_temperatures_follow_the_spread_of_classes():
    torch.manual_seed(6)
    labels = torch.tensor([0] * 24 + [1] * 20 + [2] * 4)
    angle = torch.randn(N) * torch.tensor([0.9] * 24 + [0.1] * 20 + [0.3] * 4)
    memory = torch.stack([angle.cos(), angle.sin()], 1)
    got = clustered(labels, memory, (24, 20, 4)).temperatures.tolist()
    spread = []
    for c in range(3):
        points = memory[labels == c].double().tolist()
        centre = [sum(p[k] for p in points) / len(points) for k in (0, 1)]
        distance = sum(math.dist(p, centre) for p in points) / len(points)
        spread.append(distance / math.log(len(points) + 10))
    low, middle, high = sorted(spread)
    low, high = low + 0.4 * (middle - low), middle + 0.6 * (high - middle)  # percentiles 20 and 80 of three
    spread = [min(max(d, low), high) for d in spread]
    mean = sum(spread) / 3
    assert got[:2] == pytest.approx([0.1 * spread[0] / mean, 0.1 * spread[1] / mean], rel=1e-4)
    assert got[2] == pytest.approx(0.1) and got[1] < got[0]  # one subclass: the plain temperature


def test_a_collapsed_training_set_gives_finite_temperatures():
    method = clustered(torch.arange(N) % 3, torch.tensor([[1.0, 0.0]]).expand(N, 2), (16, 16, 16))
    assert method.temperatures.isfinite().all() and (method.temperatures > 0).all()


def test_memory_holds_the_embeddings_of_the_last_time_and_is_complete_from_the_start():
    method = begun(made(SBCL))
    torch.testing.assert_close(method.memory.norm(dim=1), torch.ones(N))
    assert method.encoder.training and not method.encoder.norm.running_mean.any()  # looking changes nothing
    before, data = method.memory.clone(), batch()
    z = torch.tensor(embeddings(method, data), dtype=torch.float32)
    method.loss(data)
    want = torch.nn.functional.normalize(z[:SIZE] + z[SIZE:])
    torch.testing.assert_close(method.memory[:SIZE], want, atol=1e-5, rtol=1e-4)
    assert torch.equal(method.memory[SIZE:], before[SIZE:])
    method.start_epoch(9)
    assert not method.subclasses.any()
    method.start_epoch(10)
    assert method.subclasses.unique().tolist() == [0, 1, 2]


def test_every_clustering_has_draws_of_its_own_and_a_resumed_run_the_same(monkeypatch):
    method, seeds = made(SBCL, interval=2), []
    monkeypatch.setattr(SBCL, "cluster", lambda self, generator: seeds.append(generator.initial_seed()))
    for epoch in range(7):
        method.start_epoch(epoch)
    assert seeds == [CONTEXT.seed + epoch for epoch in (2, 4, 6)]
    method.start_epoch(4)
    assert seeds[-1] == seeds[1]
