"""Agreement of near cells of two crops against slow loops over cells and pixels, and the limits of each part."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.pixpro import PixPro, agreement, places
from tests.kit.embeddings import gradient_free
from tests.kit.methods import SIZE, batch, dot, made, unit


def loop_near(boxes, height, width, threshold):
    """Whether the centres of cells i and j of two crops are near, by walking over pixels' coordinates."""
    centres, diagonals = [], []
    for top, left, tall, wide, mirrored in boxes:
        here = []
        for row in range(height):
            for column in range(width):
                place = width - 1 - column if mirrored else column
                here.append((top + (row + 0.5) * tall / height, left + (place + 0.5) * wide / width))
        centres.append(here)
        diagonals.append(math.hypot(tall / height, wide / width))
    return [[math.dist(a, b) / max(diagonals) < threshold for b in centres[1]] for a in centres[0]]


def random_boxes(seed):
    numbers = torch.rand(SIZE, 5, generator=torch.Generator().manual_seed(seed))
    boxes = torch.tensor([0.0, 0.0, 4.0, 4.0, 0.0]) + numbers * torch.tensor([3.0, 3.0, 5.0, 5.0, 0.0])
    boxes[:, 4] = (numbers[:, 4] > 0.5).float()
    return boxes


def test_pixpro_equals_the_slow_loops():
    method, data = made(PixPro, batch_norm=False, threshold=0.9, gamma=1.7), batch()
    data.boxes = [random_boxes(1), random_boxes(2)]
    method.slow[1][0].weight.data.mul_(1.5)
    with torch.no_grad():
        # head before transform, with the batch statistics of both crops together
        x = method.projector(method.encoder.layers(torch.cat(data.views))[-1])
        g = method.transform(x)
        keys = method.slow[1](method.slow[0].layers(torch.cat(data.views))[-1])
    side = x.shape[2]

    def rows(maps, view, i):
        return [unit(row) for row in maps[view * SIZE + i].double().flatten(1).T.tolist()]

    total = 0.0
    for i in range(SIZE):
        near = loop_near([box[i].double().tolist() for box in data.boxes], side, side, 0.9)
        for view in (0, 1):
            here, values, there = rows(x, view, i), rows(g, view, i), rows(keys, 1 - view, i)
            found = []
            for a, cell in enumerate(here):
                weights = [max(dot(cell, other), 0) ** 1.7 for other in here]
                y = unit([sum(w * v[d] for w, v in zip(weights, values, strict=True)) for d in range(len(values[0]))])
                for b, key in enumerate(there):
                    if near[a][b] if view == 0 else near[b][a]:
                        found.append(dot(y, key))
            total -= sum(found) / max(len(found), 1) / SIZE
    assert method.loss(data).item() == pytest.approx(total, rel=1e-3)


def test_cells_of_one_crop_are_near_themselves_and_mirroring_turns_the_rows_round():
    whole = torch.tensor([[2.0, 1.0, 8.0, 12.0, 0.0]])
    mirrored = torch.tensor([[2.0, 1.0, 8.0, 12.0, 1.0]])
    (a, diagonal), (b, _) = places(whole, 2, 3), places(mirrored, 2, 3)
    near = torch.cdist(a, a) < 0.7 * diagonal[:, None, None]
    assert torch.equal(near[0], torch.eye(6, dtype=torch.bool))
    turned = torch.cdist(a, b) < 0.7 * diagonal[:, None, None]
    assert torch.equal(turned[0].nonzero()[:, 1], torch.tensor([2, 1, 0, 5, 4, 3]))
    assert a[0, 0].tolist() == [4.0, 3.0] and diagonal.item() == pytest.approx(math.hypot(4, 4))


def test_crops_apart_have_no_pairs_and_cost_nothing():
    y = nn.functional.normalize(torch.randn(2, 4, 3), dim=2)
    near = torch.zeros(2, 4, 4, dtype=torch.bool)
    assert agreement(y, y, near).item() == 0
    near[0] = torch.eye(4, dtype=torch.bool)
    assert agreement(y, y, near).item() == pytest.approx(0.5), "a mean over images, with and without pairs"


def test_propagation_with_a_high_power_is_the_cell_itself():
    method = PixPro(gamma=400.0)
    x = nn.functional.normalize(torch.randn(2, 5, 6), dim=2)
    values = torch.randn(2, 5, 6)
    torch.testing.assert_close(method.propagated(x, values), values, atol=1e-4, rtol=1e-4)


def test_the_slow_branch_takes_no_gradient_and_follows_ever_more_slowly():
    method, data = made(PixPro, momentum=0.9), batch()
    method.loss(data).backward()
    assert all(p.grad is None for p in method.slow.parameters())
    assert not any(gradient_free(part) for part in (method.encoder, method.projector, method.transform))
    for progress, share in ((0.0, 0.9), (0.5, 0.95), (1.0, 1.0)):
        method.progress = progress
        before = method.slow[1][0].weight.clone()
        method.projector[0].weight.data += 1.0
        with torch.no_grad():
            method.after_step()
        torch.testing.assert_close(method.slow[1][0].weight, before.lerp(method.projector[0].weight, 1 - share))
