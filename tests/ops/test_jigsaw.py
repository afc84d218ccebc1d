"""Turned images and moved tiles pixel by pixel, and how far apart the permutations are."""

import torch

from pipeline.ops.jigsaw import permutations, shuffled, turned


def test_images_turn_by_their_number_of_quarters():
    images = torch.arange(18.0).view(2, 1, 3, 3)
    found = turned(images, torch.tensor([1, 2]))
    assert found[0, 0].tolist() == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    assert found[1, 0].tolist() == [[17, 16, 15], [14, 13, 12], [11, 10, 9]]


def test_tiles_go_to_their_places():
    torch.manual_seed(0)
    images = torch.randn(3, 2, 10, 8)
    orders = torch.stack([torch.randperm(9) for _ in range(3)])
    found = shuffled(images, orders)
    assert found.shape == (3, 2, 9, 6)
    for b in range(3):
        for p in range(9):
            i, j = divmod(int(orders[b, p]), 3)
            y, x = divmod(p, 3)
            tile = found[b, :, 3 * y : 3 * y + 3, 2 * x : 2 * x + 2]
            assert torch.equal(tile, images[b, :, 3 * i : 3 * i + 3, 2 * j : 2 * j + 2])


def test_permutations_are_distinct_and_far_apart():
    orders = permutations(9, 35)
    assert torch.equal(orders, permutations(9, 35))
    assert (orders.sort(1).values == torch.arange(9)).all()
    agreeing = (orders[:, None] == orders).sum(2) - 9 * torch.eye(35, dtype=torch.int64)
    assert int(agreeing.max()) <= 2
