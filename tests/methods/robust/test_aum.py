"""Margins, thresholds and suspects of logits by hand; the extra class and the fresh starts, phase by phase."""

import copy
import dataclasses

import pytest
import torch
from torch import nn

from pipeline.contract import Batch
from pipeline.methods.robust.aum import AUM
from tests.kit.classifiers import kept
from tests.kit.losses import cross_entropy
from tests.kit.methods import CONTEXT, SIDE, SIZE, batch, begun, classifier, made, step

CASE = dataclasses.replace(CONTEXT, train_examples=6, num_classes=2)


def record(method, epochs):
    """Logits and labels of examples 0, 1, ..., epoch by epoch."""
    for epoch in epochs:
        z, y = (torch.tensor(column) for column in zip(*epoch, strict=True))
        method.record(z, y, torch.arange(len(epoch)))


def test_aum_of_logits_by_hand():
    """Four examples of two classes and, in class 2, two threshold examples (4 and 5)."""
    method = made(AUM, context=CASE, rounds=1)
    method.fake.copy_(torch.tensor([[False, False, False, False, True, True]]))
    labels = [0, 1, 1, 0, 2, 2]
    first = [[9.0, 0, 0]] * 6  # the first epoch does not count
    second = [[3.0, 1, 0], [3.0, 1, 0], [0.0, 1, 4], [2.0, 2, 0], [1.0, 0, 0], [4.0, 0, 1]]
    third = [[5.0, 1, 0], [6.0, 1, 0], [0.0, 3, 2], [2.0, 0, 0], [0.0, 0, 1], [0.0, 2, 1]]
    record(method, [list(zip(logits, labels, strict=True)) for logits in (first, second, third)])
    # margins: 2, 4 | -2, -5 | -3, 1 | 0, 2 and of the threshold examples -1, 1 | -3, -1
    aum = [3.0, -3.5, -1.0, 1.0, 0.0, -2.0]
    torch.testing.assert_close(method.sums / 2, torch.tensor([aum]))
    for percentile, limit, suspects in ((100.0, 0.0, [1, 2]), (25.0, -1.5, [1]), (0.0, -2.0, [1])):
        method.percentile = percentile
        method.judge()
        assert suspects == [i for i in range(4) if aum[i] < limit]
        assert method.suspects().nonzero().flatten().tolist() == suspects
    torch.testing.assert_close(method.label_scores()[:4], torch.tensor(aum[:4]))
    torch.testing.assert_close(method.label_scores()[4:], torch.full((2,), sum(aum[:4]) / 4))


def test_two_rounds_agree_where_both_judge():
    method = made(AUM, context=CASE)
    method.fake.copy_(torch.tensor([[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0]], dtype=torch.bool))
    method.sums.copy_(torch.tensor([[2.0, -2, -2, 2, -3, 0], [4.0, -4, 4, -2, 0, -1]]))
    method.seen.fill_(2)
    method.judge()
    # 4 and 5 are judged once; 2 and 3 only in one of two rounds below the threshold of 0
    assert method.suspects().tolist() == [False, True, False, False, True, True]
    torch.testing.assert_close(method.label_scores(), torch.tensor([3.0, -3, 1, 0, -3, -1]))


def test_it_takes_a_first_margin_where_there_is_no_second_and_judges_nobody_unseen():
    method = made(AUM, context=CASE, rounds=1)
    method.fake.copy_(torch.tensor([[False, False, False, False, True, True]]))
    method.judge()
    assert not method.suspects().any() and method.label_scores().equal(torch.zeros(6))
    method.record(torch.tensor([[1.0, 3, 0], [0.0, 0, 2]]), torch.tensor([0, 2]), torch.tensor([1, 4]))
    method.judge()
    assert method.suspects().nonzero().flatten().tolist() == [1]
    torch.testing.assert_close(method.label_scores(), torch.full((6,), -2.0))


def test_threshold_examples_are_as_many_as_a_class_and_others_in_each_round():
    method = made(AUM)
    assert method.fake.sum(1).tolist() == [12, 12]  # 48 examples, 3 classes and one more
    assert not method.fake.all(0).any()
    assert method.phases == (0.25, 0.25, 0.5)
    assert AUM(rounds=1, collecting=0.4).phases == (0.4, 0.6)
    assert set(kept(method)) - set(kept(classifier())) == {"scores", "found"}


def test_the_loss_has_an_extra_class_until_the_last_phase():
    method, data = made(AUM), batch(("full",))
    features = method.encoder(data.views[0])
    extra = torch.cat([method.head(features), method.extra(features)], 1).double().tolist()
    for phase in (0, 1):
        method.phase = phase
        given = [3 if method.fake[phase, i] else int(y) for i, y in enumerate(data.labels)]
        assert 0 < given.count(3) < SIZE
        want = sum(cross_entropy(z, y) for z, y in zip(extra, given, strict=True)) / SIZE
        assert method.loss(data).item() == pytest.approx(want, rel=1e-5)
        margins = [z[y] - max(v for k, v in enumerate(z) if k != y) for z, y in zip(extra, given, strict=True)]
        torch.testing.assert_close(method.sums[phase, :SIZE].double(), torch.tensor(margins, dtype=torch.float64))
    method.phase = 2
    sums = method.sums.clone()
    want = nn.functional.cross_entropy(method.head(features), data.labels)
    torch.testing.assert_close(method.loss(data), want)
    assert sums.equal(method.sums) and method.logits(features).shape == (SIZE, 3)


def test_each_phase_starts_anew_and_suspects_are_left_out_of_the_last():
    method = made(AUM)
    start = copy.deepcopy(nn.ModuleList([method.encoder, method.head, method.extra]).state_dict())
    for phase in (0, 1, 2):
        begun(method, phase)
        now = nn.ModuleList([method.encoder, method.head, method.extra]).state_dict()
        assert all(now[name].equal(value) for name, value in start.items())
        order = torch.randperm(48)
        if phase < 2:
            assert method.arrange(order).equal(order)
            for seed in (2, 3):
                step(method, batch(("full",), seed=seed))
            assert not method.head.weight.equal(start["1.weight"])
            assert method.seen[phase].tolist() == [2] * SIZE + [0] * (48 - SIZE)
    method.found.copy_(torch.arange(48) < 30)
    assert method.arrange(order).tolist() == ([i for i in order.tolist() if i >= 30] * 3)[:48]
    method.found.fill_(True)
    assert method.arrange(order).equal(order)


def test_it_finds_wrong_labels_of_a_separable_set():
    """24 images of three plain kinds, six of them labelled wrongly: a few epochs suffice for the margins to tell."""
    method = made(AUM, context=dataclasses.replace(CONTEXT, train_examples=24), rounds=1, percentile=60.0)
    kinds, wrong = torch.arange(24) % 3, torch.arange(24) < 6
    images = torch.randn(24, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(3)) * 0.1
    images[kinds == 1, :, : SIDE // 2] += 2
    images[kinds == 2, :, :, ::2] += 2
    labels = torch.where(wrong, (kinds + 1) % 3, kinds)
    for _ in range(30):
        step(method, Batch([images], labels, torch.arange(24)))
    method.judge()
    own, scores = ~method.fake[0], method.label_scores()
    assert scores[own & wrong].max() < scores[own & ~wrong].min()


def test_only_the_last_phase_judges_and_by_the_99th_percentile():
    method = made(AUM, context=dataclasses.replace(CASE, train_examples=200), rounds=1)
    method.fake[:] = torch.arange(200) >= 100
    margins = torch.arange(200.0) - 100  # of the threshold examples 0 to 99, of which the 99th percentile is 98.01
    method.sums.copy_(margins + 199 * (margins == -1))  # example 99 has 198
    method.sums[0, 98] = 98.005
    method.seen.fill_(2)
    begun(method, 0)
    assert not method.found.any()
    begun(method, 1)
    assert method.suspects().nonzero().flatten().tolist() == list(range(99))
    method.sums[0, 98] = 98.015
    method.judge()
    assert method.suspects().nonzero().flatten().tolist() == list(range(98))
