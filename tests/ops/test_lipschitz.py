"""Lipschitz constants: power iteration against singular values, of matrices made column by column; bounds that hold."""

import pytest
import torch
from torch import nn

from pipeline.ops.lipschitz import (
    Convolution,
    Dense,
    LinearResidual,
    LipschitzEncoder,
    MinMax,
    Residual,
    local_norms,
)


class Small(LipschitzEncoder):
    def __init__(self, residual):
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(Convolution((1, 6, 5), 4, 3, stride=2, padding=1), MinMax()),
                nn.Sequential(residual, MinMax()),
                nn.Sequential(nn.Flatten(), Dense(36, 6), MinMax()),
            ]
        )
        self.feature_dim = 6


def layers():
    torch.manual_seed(0)
    return [
        Convolution((2, 7, 6), 3, 4, stride=4, padding=1).double(),
        Convolution((2, 5, 5), 6, 3, padding=1).double(),
        LinearResidual((4, 5, 4), depth=3).double(),
        Dense(7, 3).double(),
    ]


def matrix(layer):
    """Column by column, of the layer itself."""
    nothing = layer(torch.zeros(1, *layer.size, dtype=torch.float64))
    columns = []
    for place in range(layer.start.numel()):
        unit = torch.zeros(layer.start.numel(), dtype=torch.float64)
        unit[place] = 1
        columns.append((layer(unit.view(1, *layer.size)) - nothing).flatten())
    return torch.stack(columns, 1).detach()


@pytest.mark.parametrize("place", range(4))
def test_norms_are_the_greatest_singular_value(place):
    layer = layers()[place]
    want = torch.linalg.svdvals(matrix(layer))[0].item()
    assert layer.exact().item() == pytest.approx(want, rel=1e-9)
    first = layer.norm(1).item()
    assert first <= want * (1 + 1e-12)
    assert layer.norm(300).item() == pytest.approx(want, rel=5e-3)


@pytest.mark.parametrize("place", range(4))
def test_the_transposed_map_is_the_transposed_map(place):
    layer = layers()[place]
    x = torch.randn(1, *layer.size, dtype=torch.float64)
    y = torch.randn_like(layer.linear(x))
    assert (layer.linear(x) * y).sum().item() == pytest.approx((x * layer.transposed(y)).sum().item())


def test_iterations_go_on_from_where_they_were_and_the_gradient_is_that_of_the_singular_value():
    layer, twin = layers()[1], layers()[1]
    for _ in range(4):
        layer.norm(5)
    twin.norm(20)
    torch.testing.assert_close(layer.start, twin.start)
    layer.norm(500).backward()
    weight = layer.weight.detach().clone()
    step = torch.randn_like(weight)
    values = []
    for sign in (1, -1):
        layer.weight.data = weight + sign * 1e-5 * step
        values.append(layer.exact().item())
    assert (values[0] - values[1]) / 2e-5 == pytest.approx((layer.weight.grad * step).sum().item(), rel=1e-3)


def test_a_linear_residual_is_the_identity_plus_a_scaled_convolution():
    layer = layers()[2]
    with torch.no_grad():
        layer.affine.copy_(torch.randn_like(layer.affine))
    x = torch.randn(2, 4, 5, 4, dtype=torch.float64)
    kernel = layer.affine * layer.weight
    want = x + nn.functional.conv2d(x, kernel, padding=1) / 3**0.5 + layer.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(layer(x), want)


def test_min_max_keeps_lengths_and_does_not_stretch_distances():
    torch.manual_seed(1)
    a, b = torch.randn(2, 50, 6, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(MinMax()(a).flatten(1).norm(dim=1), a.flatten(1).norm(dim=1))
    assert ((MinMax()(a) - MinMax()(b)).flatten(1).norm(dim=1) <= (a - b).flatten(1).norm(dim=1) + 1e-12).all()
    assert torch.equal(MinMax()(torch.tensor([[1.0, 5.0, 2.0, 4.0]])), torch.tensor([[2.0, 5.0, 1.0, 4.0]]))


@pytest.mark.parametrize("kind", ["linear", "conventional"])
def test_no_pair_of_inputs_is_stretched_further_than_the_bound(kind):
    torch.manual_seed(3)
    size = (4, 3, 3)
    net = Small(LinearResidual(size, 1) if kind == "linear" else Residual(size)).double()
    if kind == "conventional":
        assert net.exact().item() == pytest.approx((net.blocks[0][0].exact() * net.blocks[2][1].exact()).item())
        net.blocks[1][0].scale.data += 0.5
    bound = net.exact().item()
    assert net.norm(200).item() == pytest.approx(bound, rel=1e-3)
    views = torch.randn(20, 1, 6, 5, dtype=torch.float64)
    for size in (1e-4, 1.0):
        other = views + size * torch.randn_like(views)
        stretched = (net(views) - net(other)).norm(dim=1) / (views - other).flatten(1).norm(dim=1)
        assert stretched.max() <= bound
    scale, draws = torch.full((1, 1, 1), 2.0, dtype=torch.float64), torch.Generator().manual_seed(0)
    local = local_norms(net, views, scale, 200, draws).detach()
    for place in (0, 7):
        slope = torch.autograd.functional.jacobian(lambda x: net(x[None])[0], views[place])
        want = 2 * torch.linalg.svdvals(slope.flatten(1))[0].item()
        assert local[place].item() == pytest.approx(want, rel=1e-3)
    assert local.max() <= 2 * bound


def test_layers_of_unknown_constants_are_refused():
    net = Small(nn.ReLU())
    with pytest.raises(AssertionError, match="no Lipschitz constant of ReLU"):
        net.norm(1)
