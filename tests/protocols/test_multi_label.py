"""Grids found again item by item, labels seen of those present, and a run on them, of whatever method."""

import pytest
import torch

from pipeline.methods.multi_label.all_labels import AllLabels
from pipeline.methods.multi_label.assume_negative import AssumeNegative
from pipeline.methods.multi_label.boost_lu import BoostLU
from pipeline.protocols.multi_label.run import Evidence, grids, one_of, prepare
from pipeline.training.evidence import evaluate
from tests.kit import jobs


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


def prepared(method):
    return prepare(jobs.job(method, "multi_label"))


@pytest.mark.parametrize("cls", [AssumeNegative, AllLabels])
def test_a_run_is_prepared_trained_and_evaluated_on_grids(cls, tmp_path):
    made = prepared(cls())
    data = made.data
    assert data.shape == (1, 16, 16) and data.train_labels.shape == (40, 3)
    assert (data.train_labels.sum(1) == 1).all() == (cls is AssumeNegative)
    assert (data.train_labels <= data.true_labels).all() and (data.true_labels.sum(1) > 1).any()
    other = prepared(BoostLU()).data
    assert torch.equal(data.test_labels, other.test_labels) and torch.equal(data.train_inputs, other.train_inputs)
    assert len(jobs.fitted(made, tmp_path / "state")) == 2
    found = evaluate(Evidence(made), ["map", "lrap", "f1"])
    assert set(found.metrics) == {"map", "lrap", "f1"} and 0 < found.metrics["map"] <= 100
    assert found.arrays["example_lrap"].shape == (12,)
