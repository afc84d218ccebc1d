"""Two principal axes, against scikit-learn and where there are fewer."""

import torch
from sklearn.decomposition import PCA

from pipeline.ops.principal import plane, principal


def test_against_scikit_learn_up_to_signs():
    points = torch.randn(50, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * torch.arange(1, 7)
    wanted = torch.from_numpy(PCA(2).fit_transform(points.numpy())).float()
    torch.testing.assert_close(plane(points).abs(), wanted.abs(), rtol=1e-5, atol=1e-5)


def test_an_axis_does_not_turn_with_the_order_and_the_place_of_points():
    points = torch.randn(30, 4, generator=torch.Generator().manual_seed(2)) * torch.tensor([4.0, 3, 2, 1])
    order = torch.randperm(30, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(plane(points[order] + 7), plane(points)[order], rtol=1e-4, atol=1e-4)


def test_of_one_dimension_or_one_point_the_rest_is_zero():
    line = torch.tensor([[1.0], [2.0], [6.0]])
    torch.testing.assert_close(plane(line), torch.tensor([[-2.0, 0], [-1, 0], [3, 0]]))
    assert plane(torch.ones(1, 5)).tolist() == [[0, 0]]


def test_as_many_as_are_asked_for_or_all_of_them():
    points = torch.randn(50, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * torch.arange(1, 7)
    wanted = torch.from_numpy(PCA(6).fit_transform(points.numpy()))
    torch.testing.assert_close(principal(points, 3).abs(), wanted[:, :3].abs())
    whole = principal(points, 100)
    torch.testing.assert_close(whole.abs(), wanted.abs())
    torch.testing.assert_close(torch.cdist(whole, whole), torch.cdist(points, points), atol=1e-6, rtol=1e-6)
