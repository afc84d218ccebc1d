"""Interval bounds: sound at every corner, by loops, exact for one layer, and tighter with the last layer folded in."""

import itertools

import pytest
import torch
from torch import nn

from pipeline.ops.encoder import Encoder
from pipeline.ops.intervals import encoded, loose_margins, through, worst_margins


class Small(Encoder):
    def __init__(self):
        super().__init__()
        first = nn.Sequential(nn.Conv2d(1, 3, 2, padding=1), nn.MaxPool2d(2, ceil_mode=True), nn.BatchNorm2d(3))
        self.blocks = nn.ModuleList([first, nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 5, 2, stride=2))])
        self.feature_dim = 5


@pytest.fixture
def small():
    torch.manual_seed(0)
    net = Small().double()
    for _ in range(3):
        net(torch.randn(8, 1, 4, 4, dtype=torch.float64))
    with torch.no_grad():
        net.blocks[0][2].weight.copy_(torch.tensor([1.5, -0.7, 0.3]))
    return net.eval()


def box(radius=0.2, count=3, seed=1):
    torch.manual_seed(seed)
    centre = torch.randn(count, 1, 4, 4, dtype=torch.float64)
    return centre - radius, centre + radius


def test_no_input_of_the_box_leaves_the_bounds(small):
    low, high = box()
    below, above = encoded(small, (low, high))
    for seed in range(300):
        torch.manual_seed(seed)
        share = torch.rand_like(low) if seed % 2 else torch.randint(2, low.shape).double()
        blocks = low + share * (high - low)
        for block in small.blocks:
            blocks = block(blocks)
        found = blocks.mean((2, 3))
        assert (found >= below - 1e-12).all() and (found <= above + 1e-12).all()
    assert (above > below).all()


def test_a_box_of_no_size_is_the_network(small):
    view, _ = box(0.0)
    below, above = encoded(small, (view, view))
    torch.testing.assert_close(below, above, rtol=0, atol=1e-12)
    torch.testing.assert_close(below.float(), small(view))


def test_one_affine_layer_and_the_folded_margins_are_exact_and_by_loops():
    torch.manual_seed(2)
    head = nn.Linear(4, 3).double()
    low = torch.randn(5, 4, dtype=torch.float64)
    high, labels = low + torch.rand_like(low), torch.tensor([0, 1, 2, 0, 1])
    corners = torch.stack([torch.where(torch.tensor(c).bool(), high, low) for c in itertools.product((0, 1), repeat=4)])
    head.requires_grad_(False)
    logits = head(corners)
    below, above = through(head, (low, high))
    torch.testing.assert_close(below, logits.amin(0))
    torch.testing.assert_close(above, logits.amax(0))
    apart = (logits - logits.gather(2, labels.expand(16, 5)[..., None])).amax(0)
    worst = worst_margins(head, (low, high), labels)
    torch.testing.assert_close(worst, apart)
    loose = loose_margins(head, (low, high), labels)
    for i, y in enumerate(labels.tolist()):
        for j in range(3):
            want = 0.0 if j == y else above[i, j] - below[i, y]
            assert loose[i, j].item() == pytest.approx(float(want)) and loose[i, j] >= worst[i, j] - 1e-12


def test_batch_statistics_have_no_bounds_and_unknown_layers_neither(small):
    with pytest.raises(TypeError, match="BatchNorm2d in this mode"):
        encoded(small.train(), box())
    with pytest.raises(TypeError, match="Sigmoid"):
        through(nn.Sigmoid(), box())


def test_boxes_are_not_written_over(small):
    low, high = box()
    kept = low.clone(), high.clone()
    through(nn.ReLU(inplace=True), (low, high))
    assert torch.equal(low, kept[0]) and torch.equal(high, kept[1])
