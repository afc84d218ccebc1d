"""Both branches by loops, what each tells the other, limits in which it is SimGCD, and sizes that are kept."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.discovery import bacon
from pipeline.methods.discovery.bacon import BaCon
from pipeline.methods.discovery.gcd import GCD
from pipeline.methods.discovery.simgcd import SimGCD
from tests.kit.discovery import STREAM, data, member, training
from tests.kit.methods import begun, dot, normalised, step, unit


def told(epoch=1, **settings):
    """At an epoch of training, with sizes of classes given."""
    method = member(BaCon, **settings)
    method.counts.copy_(torch.tensor([40.0, 10.0, 20.0, 5.0]))
    method.start_epoch(epoch)
    return method


def answers_of(method, given):
    with torch.no_grad():
        cosines = method.head(method.partner(method.images(given)))
    return cosines, torch.cat([given.labels, given["unlabelled"].labels])


def test_the_soft_contrast_by_loops():
    """With rates of 1 all images count."""
    method, given = told(rest_power=0.0), data()
    cosines, labels = answers_of(method, given)
    prior = [0.5 * math.log(n / 75) for n in (40, 10, 20, 5)]
    rows = []
    for row in cosines.double().tolist():
        raised = [math.exp(10 * c - p) for c, p in zip(row, prior, strict=True)]
        rows.append([value / math.fsum(raised) for value in raised])
    count = len(labels)
    p = [[(a + b) / 2 for a, b in zip(rows[i], rows[count + i], strict=True)] for i in range(count)]
    torch.testing.assert_close(method.answers(cosines).double(), torch.tensor(p).double(), rtol=1e-5, atol=1e-6)
    torch.manual_seed(1)
    z = torch.randn(2 * count, 5)
    units, total = [unit(row) for row in z.tolist()], 0.0
    for i, anchor in enumerate(units):
        others = [j for j in range(2 * count) if j != i]
        below = math.log(math.fsum(math.exp(dot(anchor, units[j]) / 0.07) for j in others))
        weights = [1.0 if j % count == i % count else dot(p[i % count], p[j % count]) for j in others]
        logs = [dot(anchor, units[j]) / 0.07 - below for j in others]
        total -= dot(weights, logs) / math.fsum(weights)
    found = method.soft_contrast(*F.normalize(z).chunk(2), labels, method.answers(cosines)).item()
    assert found == pytest.approx(total / (2 * count), rel=1e-5)


def test_the_mean_answer_is_held_to_the_sizes():
    method = told(size_power=1.0)
    shares = method.counts / method.counts.sum()
    assert method.unevenness(shares.log().repeat(6, 1)).item() == pytest.approx(0.0, abs=1e-6)
    assert method.unevenness(torch.zeros(6, 4)) > 0.1
    torch.testing.assert_close(method.class_shares(), shares)


def test_without_advice_it_is_gcd_in_one_network_and_simgcd_s_classifier_in_another():
    method, given = told(epoch=0, size_power=0.0, entropy_weight=2.0), data()
    other, contrast = member(SimGCD), member(GCD)
    contrast.load_state_dict({name: v for name, v in method.state_dict().items() if name in contrast.state_dict()})
    other.load_state_dict({name: v for name, v in method.state_dict().items() if name in other.state_dict()})
    wanted = other.loss(given)  # both encoders begin as the base's
    torch.testing.assert_close(method.loss(given), wanted)
    method.loss(given).backward()
    contrast.loss(given).backward()
    for (name, own), expected in zip(method.encoder.named_parameters(), contrast.encoder.parameters(), strict=True):
        torch.testing.assert_close(own.grad, expected.grad, msg=name, rtol=1e-4, atol=1e-6)
    assert (
        told().loss(given) != wanted and told(soft_weight=0.0, size_power=0.0, entropy_weight=2.0).loss(given) == wanted
    )


def test_neither_branch_has_gradients_in_the_other():
    method, given = told(), data()
    cosines, labels = answers_of(method, given)
    features = method.encoder(method.images(given))
    z = F.normalize(method.projector(features)).chunk(2)
    method.soft_contrast(*z, labels, method.answers(cosines)).backward()
    assert all(p.grad is None for part in (method.partner, method.head) for p in part.parameters())
    assert any(p.grad is not None for p in method.encoder.parameters())


def test_rare_classes_of_the_prediction_are_drawn_more_often(monkeypatch):
    method = told()
    labels = torch.cat([torch.zeros(2, dtype=torch.long), torch.full((400,), -1)])
    answers = torch.full((402, 4), 0.1)
    answers[2:, 2], answers[202:, 2], answers[202:, 3] = 0.7, 0.1, 0.7
    seen = []
    draw = torch.randn(402, 5)
    torch.manual_seed(0)
    monkeypatch.setattr(bacon, "weighted_contrast", lambda logits, weights: seen.append(weights))
    method.soft_contrast(F.normalize(draw), F.normalize(draw), labels, answers)
    count = len(seen[0]) // 2
    assert 2 + 200 + 75 < count < 2 + 200 + 125  # the class of 5 whole, of that of 20 the root of a quarter


def test_sizes_are_estimated_when_it_is_time_and_clusters_come_last():
    method = member(BaCon, estimate_every=2)
    begun(method, 0, training(), epoch=1)
    assert method.counts.tolist() == [1.0] * 4
    begun(method, 0, training(), epoch=2)
    assert int(method.counts.sum()) == 48 + len(STREAM) and bool((method.counts[2:].diff() <= 0).all())
    assert not method.centres.any()
    method.counts.fill_(7)
    begun(method, 1, training()).eval()
    assert method.counts.tolist() == [7.0] * 4
    features = F.normalize(method.features(normalised(STREAM)))
    assert torch.equal(method.cluster_of(normalised(STREAM)), torch.cdist(features, method.centres).argmin(1))


def test_both_networks_learn():
    method, given = told(), data()
    before = {name: value.clone() for name, value in method.named_parameters()}
    step(method, given)
    changed = {name for name, value in method.named_parameters() if not torch.equal(value, before[name])}
    assert {name for name in before if name.endswith("weight")} <= changed
