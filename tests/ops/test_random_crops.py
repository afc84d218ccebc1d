"""Crops: whole images, squares of the right size and place, gradients."""

import torch

from pipeline.ops.random_crops import cropped


def test_a_crop_of_all_is_the_image_itself() -> None:
    images = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(cropped(images, 1.0, 1.0, torch.Generator().manual_seed(1)), images)


def test_slopes_tell_how_much_is_cut_and_it_lies_within() -> None:
    """Of an image that grows by 1 a column, a crop of side s grows by s a column, and stays in its range."""
    images = torch.arange(20.0).expand(50, 1, 20, 20)
    found = cropped(images, 0.25, 0.81, torch.Generator().manual_seed(1))
    slopes = (found[:, 0, 10, 12] - found[:, 0, 10, 8]) / 4
    assert slopes.min() >= 0.5 - 1e-4 and slopes.max() <= 0.9 + 1e-4 and slopes.std() > 0.05
    assert found.min() >= 0 and found.max() <= 19 and found[:, 0, 10, 10].std() > 0.5


def test_gradients_reach_what_is_seen_alone() -> None:
    images = torch.rand(1, 1, 12, 12, requires_grad=True)
    cropped(images, 0.3, 0.3, torch.Generator().manual_seed(3)).sum().backward()
    assert images.grad is not None and 0.2 < (images.grad != 0).float().mean() < 0.6
