"""Orders of examples by counting the groups in each batch that they make."""

import pytest
import torch

from pipeline.ops.batches import alike, unlike


@pytest.mark.parametrize("arrange", [alike, unlike])
def test_an_arrangement_uses_each_example_at_most_once_and_differs_between_epochs(arrange):
    torch.manual_seed(0)
    groups, order = torch.randint(5, (43,)), torch.randperm(43)
    first, second = arrange(order, groups, 6), arrange(order, groups, 6)
    assert len(first) == 42 and len(set(first.tolist())) == 42
    assert first.tolist() != second.tolist()


def test_alike_makes_batches_of_one_group_where_groups_are_large_enough():
    torch.manual_seed(0)
    groups = torch.tensor([0] * 12 + [1] * 6 + [2] * 18)[torch.randperm(36)]
    for part in alike(torch.randperm(36), groups, 6).split(6):
        assert len(set(groups[part].tolist())) == 1
    groups = torch.arange(40) // 10
    mixed = [len(set(groups[part].tolist())) for part in alike(torch.randperm(40), groups, 4).split(4)]
    assert max(mixed) == 2 and mixed.count(2) <= 3, "at most one for each border between groups"


def test_unlike_makes_batches_without_a_group_twice_where_counts_allow():
    torch.manual_seed(0)
    groups = (torch.arange(48) % 8)[torch.randperm(48)]
    for part in unlike(torch.randperm(48), groups, 8).split(8):
        assert len(set(groups[part].tolist())) == 8
    groups = torch.tensor([0] * 20 + [1] * 20 + [2] * 4 + [3] * 4)
    batches = [groups[part].tolist() for part in unlike(torch.randperm(48), groups, 4).split(4)]
    distinct = sorted(len(set(part)) for part in batches)
    assert distinct == [2] * 8 + [4] * 4, "four rounds of all groups, then pairs of the two large ones"
