"""Partial labels: the grids and what is seen of them, losses against loops, mean average precision against sklearn."""

import math

import pytest
import small_job
import torch
from method_kit import CONTEXT, Encoder, batch, step
from pipeline.drivers import multi_label
from pipeline.drivers.multi_label import grids, one_of

from pipeline.methods.multi_label.all_labels import AllLabels
from pipeline.methods.multi_label.assume_negative import AssumeNegative
from pipeline.methods.multi_label.boost_lu import BoostLU

B, K = 7, 3
METHODS = [AssumeNegative, AllLabels, BoostLU]


def built(cls, **settings):
    torch.manual_seed(1)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(CONTEXT)
    return method.train()


@pytest.fixture
def logits():
    return 2 * torch.randn(B, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.nn.functional.one_hot(torch.arange(B) % K, K).double()


def loop_losses(logits, labels):
    """(value, seen) of each label, row by row."""
    out = []
    for row, seen in zip(logits.tolist(), labels.tolist(), strict=True):
        for f, y in zip(row, seen, strict=True):
            p = 1 / (1 + math.exp(-f))
            out.append((-math.log(p) if y else -math.log(1 - p), bool(y)))
    return out


@pytest.mark.parametrize("cls", METHODS)
def test_unseen_labels_count_as_absent(cls, logits, labels):
    want = sum(value for value, _ in loop_losses(logits, labels)) / (B * K)
    assert cls().objective(logits, labels).item() == pytest.approx(want)


@pytest.mark.parametrize("rejected, progress", [(0.2, 0.5), (0.2, 0.99), (1.0, 0.3)])
def test_the_largest_losses_of_unseen_labels_are_rejected(rejected, progress, logits, labels):
    method = BoostLU(rejected=rejected)
    method.progress = progress
    losses = loop_losses(logits, labels)
    count = math.ceil(B * K * rejected * progress)
    out = sorted((value for value, seen in losses if not seen), reverse=True)[:count]
    want = (sum(value for value, _ in losses) - sum(out)) / (B * K)
    assert method.objective(logits, labels).item() == pytest.approx(want)


def test_rejection_of_everything_leaves_what_was_seen(logits, labels):
    method = BoostLU(rejected=1.0)
    method.progress = 0.999
    seen = sum(value for value, seen in loop_losses(logits, labels) if seen) / (B * K)
    assert method.objective(logits, labels).item() == pytest.approx(seen)


def test_rejected_labels_have_no_gradient_and_the_others_theirs(logits, labels):
    method = BoostLU(rejected=0.2)
    method.progress = 0.5
    z = logits.clone().requires_grad_()
    method.objective(z, labels).backward()
    plain = (logits.sigmoid() - labels) / (B * K)
    gone = z.grad == 0
    assert gone.sum() == math.ceil(B * K * 0.1) and not (gone & (labels > 0)).any()
    torch.testing.assert_close(z.grad[~gone], plain[~gone])


@pytest.mark.parametrize("alpha", [1.0, 5.0])
def test_boost_lu_before_pooling(alpha):
    method = built(BoostLU, alpha=alpha).eval()
    images = batch().views[0]
    maps = method.encoder.layers(images)[-1].double().tolist()
    weight, bias = method.head.weight.double().tolist(), method.head.bias.double().tolist()
    for b, k in ((0, 0), (3, 1), (5, 2)):
        total, places = 0.0, 0
        for y in range(len(maps[b][0])):
            for x in range(len(maps[b][0][0])):
                value = bias[k] + sum(w * channel[y][x] for w, channel in zip(weight[k], maps[b], strict=True))
                total += alpha * value if value > 0 else value
                places += 1
        assert method.logits(images)[b, k].item() == pytest.approx(total / places, rel=1e-4)


def test_alpha_1_without_rejection_is_assume_negative():
    plain, boost = built(AssumeNegative), built(BoostLU, alpha=1.0, rejected=0.0)
    data = batch()
    data.labels = torch.nn.functional.one_hot(data.labels, K).float()
    boost.progress = 0.9
    torch.testing.assert_close(boost.logits(data.views[0]), plain.logits(data.views[0]))
    torch.testing.assert_close(boost.loss(data), plain.loss(data))
    assert not torch.allclose(built(BoostLU).logits(data.views[0]), plain.logits(data.views[0]))


@pytest.mark.parametrize("cls", METHODS)
def test_a_step_trains_everything_and_all_of_it_is_kept(cls):
    method, data = built(cls), batch()
    data.labels = torch.nn.functional.one_hot(data.labels, K).float()
    method.progress = 0.5
    before = step(method, data)
    assert all(
        p.grad is not None and p.grad.any() for n, p in method.named_parameters() if n != "encoder.convolution.bias"
    )
    again = built(cls)
    again.progress = 0.5
    again.load_state_dict(method.state_dict())
    torch.testing.assert_close(again.loss(data), method.loss(data))
    assert method.loss(data) < before


def test_only_the_ceiling_reads_all_labels():
    assert [cls.all_positives for cls in METHODS] == [False, True, False]


def test_grids_show_the_items_whose_classes_they_name():
    count = 20
    images = torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(count, 1, 3, 4)
    labels = torch.arange(count) % 6
    grid, present = grids(images, labels, 6, torch.Generator().manual_seed(3))
    assert grid.shape == (count, 1, 6, 8) and grid.dtype == torch.uint8 and present.dtype == torch.float32
    corners = grid[:, 0, ::3, ::4].flatten(1).long()
    for i in range(count):
        block = grid[i, 0]
        for place, (rows, columns) in enumerate([(0, 0), (0, 4), (3, 0), (3, 4)]):
            assert (block[rows : rows + 3, columns : columns + 4] == corners[i, place]).all()
        assert set(present[i].nonzero().flatten().tolist()) == set(labels[corners[i]].tolist())
    for place in range(4):
        assert sorted(corners[:, place].tolist()) == list(range(count))
    again, _ = grids(images, labels, 6, torch.Generator().manual_seed(3))
    assert torch.equal(grid, again)
    assert [part.shape[0] for part in grids(images[:0], labels[:0], 6, torch.Generator())] == [0, 0]


def test_one_label_is_seen_of_those_present_each_as_often():
    present = torch.tensor([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]]).repeat(3000, 1)
    seen = one_of(present, torch.Generator().manual_seed(4))
    assert (seen.sum(1) == 1).all() and (seen <= present).all() and seen.dtype == present.dtype
    shares = seen[::2].mean(0)
    assert (shares - torch.tensor([1 / 3, 0, 1 / 3, 1 / 3])).abs().max() < 0.03
    assert (seen[1::2] == present[1::2]).all()


@pytest.mark.parametrize("cls", [AssumeNegative, AllLabels])
def test_a_run_is_prepared_trained_and_evaluated_on_grids(cls, tmp_path):
    made = job(cls())
    multi_label.prepare(made)
    data = made.data
    assert data.shape == (1, 16, 16) and data.train_labels.shape == (40, K)
    assert (data.train_labels.sum(1) == 1).all() == (cls is AssumeNegative)
    assert (data.train_labels <= data.true_labels).all() and (data.true_labels.sum(1) > 1).any()
    assert torch.equal(data.test_labels, job_prepared(cls).data.test_labels)
    assert torch.equal(data.train_images, job_prepared(BoostLU).data.train_images)
    rows = multi_label.train(made, tmp_path / "state", 1e9, lambda row: None)
    assert len(rows) == 2
    evaluation = multi_label.evaluate(made)
    assert set(evaluation.metrics) == {"map", "lrap", "f1"} and 0 < evaluation.metrics["map"] <= 100
    assert evaluation.arrays["example_lrap"].shape == (12,)


def job_prepared(cls):
    made = job(cls())
    multi_label.prepare(made)
    return made


def job(method):
    return small_job.job("multi_label", method, 12, 0.05)
