"""Batch normalisation of groups written out, shuffled groups, and running statistics beside those of whole batches."""

import pytest
import torch
from torch import nn

from pipeline.ops.groups import in_groups, in_shuffled_groups, parts, slow_statistics


def test_groups_are_normalised_apart_and_shuffling_changes_company_but_not_order():
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(3, affine=False)
    x = torch.randn(12, 3) * torch.arange(1, 13)[:, None]
    apart = in_groups(norm, x, 3)
    for part, whole in zip(apart.chunk(3), x.chunk(3), strict=True):
        torch.testing.assert_close(part, (whole - whole.mean(0)) / (whole.var(0, correction=0) + 1e-5).sqrt())
    torch.testing.assert_close(in_shuffled_groups(nn.Identity(), x, 3), x)
    assert not torch.allclose(in_shuffled_groups(norm, x, 3), apart)
    torch.testing.assert_close(in_shuffled_groups(norm, x, 1), norm(x))
    assert in_groups(norm, x[:3], 8).shape == (3, 3), "no group of one"


def test_running_statistics_forget_as_slowly_with_groups_as_without():
    together, apart = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    slow_statistics(apart, 4)
    same = torch.tensor([[1.0], [3.0]])
    together(same)
    in_groups(apart, same.repeat(4, 1), 4)
    torch.testing.assert_close(apart.running_mean, together.running_mean)


@pytest.mark.parametrize(("size", "groups"), [(50, 8), (7, 3), (9, 8), (2, 8), (3, 1)])
def test_no_batch_size_leaves_an_example_to_itself(size: int, groups: int) -> None:
    seen: list[int] = []
    x = torch.arange(size)[:, None]
    found = in_groups(lambda part: seen.append(len(part)) or part, x, groups)
    assert torch.equal(found, x)
    assert min(seen) >= 2
    assert max(seen) - min(seen) <= 1
    assert len(seen) == parts(size, groups) <= groups
