"""What tests of attacks share: a small network in float64, grey images, and where an attack may go."""

import torch
from torch import nn

from pipeline.contract import Inputs

R, K = 0.1, 5
MEAN, STD = 0.4, 0.3
INPUTS = Inputs(shape=(1, 8, 8), view_shape=(1, 8, 8), mean=(MEAN,), std=(STD,), bounds=(0.0, 1.0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def network(seed=0, scale=6.0, dtype=torch.float64):
    """Logits (B, K) that bend; `scale` makes it sure of itself."""
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Conv2d(1, 6, 3), nn.Tanh(), nn.Flatten(), nn.Linear(216, 16), nn.Tanh(), nn.Linear(16, K))
    made = made.to(dtype).requires_grad_(False)
    return lambda views: scale * made(views)


def images(count=8, seed=1, dtype=torch.float64):
    """Raw images, some of whose pixels are 0 and some 1."""
    return (1.4 * torch.rand(count, 1, 8, 8, generator=seeded(seed), dtype=dtype) - 0.2).clamp(0, 1)


def views_of(raw):
    return (raw - MEAN) / STD


def pixels(views):
    return views * STD + MEAN


def setup(count=8, seed=0, scale=6.0, dtype=torch.float64):
    """A network, views, and the classes that it predicts of them as labels."""
    net, views = network(seed, scale, dtype), views_of(images(count, dtype=dtype))
    return net, views, net(views).argmax(1)


def left(net, views, labels):
    return (net(views).argmax(1) == labels).double().mean().item()


class Watched:
    """A classifier that keeps what it is shown."""

    def __init__(self, net):
        self.net, self.shown = net, []

    def __call__(self, views):
        self.shown.append(views.detach().clone())
        return self.net(views)

    @property
    def passes(self):
        return sum(map(len, self.shown))
