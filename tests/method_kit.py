"""What tests of self-supervised methods share: a small encoder, batches, a plain gradient step, slow losses."""

import math

import torch
from torch import nn

from pipeline.contract import Batch, Context

SIZE, SIDE, FEATURES = 12, 8, 10
CONTEXT = Context(
    feature_dim=FEATURES,
    num_classes=3,
    train_examples=48,
    class_counts=(16, 16, 16),
    batch_size=SIZE,
    steps_per_epoch=4,
    epochs=2,
    seed=5,
    image_shape=(1, SIDE, SIDE),
    view_shape=(1, SIDE, SIDE),
)


class Encoder(nn.Module):
    """Convolution, batch normalisation, pooling: what a method needs of an encoder, of any input size."""

    feature_dim = FEATURES

    def __init__(self, batch_norm=True):
        super().__init__()
        self.convolution = nn.Conv2d(1, FEATURES, 3)
        self.norm = nn.BatchNorm2d(FEATURES) if batch_norm else nn.Identity()

    def layers(self, x):
        return [self.norm(self.convolution(x)).relu()]

    def forward(self, x):
        return self.layers(x)[-1].mean((2, 3))


def made(cls, batch_norm=True, **settings):
    torch.manual_seed(1)
    method = cls(**{"projection_hidden": 9, "projection_dim": 6, **settings})
    method.encoder = Encoder(batch_norm)
    method.build(CONTEXT)
    return method.train()


def batch(views=("full", "full"), size=SIZE, seed=2):
    torch.manual_seed(seed)
    sides = {"full": SIDE, "small": SIDE // 2}
    images = [torch.randn(size, 1, sides[view], sides[view]) for view in views]
    boxes = [torch.tensor([[0.0, 0.0, SIDE, SIDE, 0.0]]).expand(size, 5) for _ in views]
    return Batch(images, torch.arange(size) % 3, torch.arange(size), boxes)


def step(method, data, learning_rate=0.1, epoch=1):
    """One plain gradient step with the hooks a driver calls."""
    method.zero_grad()
    loss = method.loss(data)
    loss.backward()
    method.after_backward(epoch)
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.grad is not None:
                parameter -= learning_rate * parameter.grad
        method.after_step()
    return loss


def unit(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def views_of(z1, z2):
    return [[unit(row) for row in z.double().tolist()] for z in (z1, z2)]


def loop_nt_xent(z1, z2, temperature):
    views = views_of(z1, z2)
    total = 0.0
    for view in (0, 1):
        for i, anchor in enumerate(views[view]):
            denominator = 0.0
            for other in (0, 1):
                for j, z in enumerate(views[other]):
                    if (other, j) != (view, i):
                        denominator += math.exp(dot(anchor, z) / temperature)
            positive = math.exp(dot(anchor, views[1 - view][i]) / temperature)
            total += -math.log(positive / denominator)
    return total / (2 * len(z1))


def pair(size=7, dim=5, seed=3):
    torch.manual_seed(seed)
    return torch.randn(size, dim), torch.randn(size, dim)
