"""What tests of out-of-distribution scores share: a smooth classifier of two layers, images, validation data."""

import math

import torch
from torch import nn

from pipeline.contract import Context
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.ood_score import Validation

STD = torch.tensor([0.25, 0.5])


class Smooth(nn.Module):
    """Two smooth layers, so that finite differences and gradients agree."""

    feature_dim = 5

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 5, 3, padding=1)

    def layers(self, x):
        first = torch.tanh(self.first(x))
        return [first, torch.tanh(self.second(first))]

    def forward(self, x):
        return self.layers(x)[-1].mean((2, 3))


def smooth_model():
    """A classifier in float64 of three classes, some of whose predictions are sure."""
    torch.manual_seed(0)
    model = CrossEntropy()
    model.encoder = Smooth()
    model.build(Context(5, 3, 60, (20, 20, 20), 10, 6, 1, 0))
    with torch.no_grad():
        model.head.weight.mul_(20)
    return model.double()


def images(count, seed, shift=0.0):
    return torch.randn(count, 2, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def validation_data():
    """60 training images of three classes, 80 more of them, and unknown ones of two kinds."""
    labels = torch.arange(60) % 3
    train = images(60, 1) + labels[:, None, None, None]
    unknown = torch.cat([images(40, 3, -2.0), 3 * images(40, 4)])
    return Validation(train, labels, images(80, 2, 1.0), unknown, STD)


def attached(method, model):
    method.attach(model)
    return method


def fitted(method, model, validation):
    """The method after its fit, and what it chose."""
    attached(method, model)
    with torch.no_grad():
        choices = method.fit(validation)
    return method, choices


def logits_of(model, x):
    """Rows of logits, as lists."""
    return model.logits(model.encoder(x)).tolist()


def penultimate(model, x):
    """(N, D) features as an array."""
    with torch.no_grad():
        return model.encoder(x).numpy()


def energies(model, features):
    """log sum exp of the logits of an array of features, one by one."""
    w, b = model.head.weight.detach().numpy(), model.head.bias.detach().numpy()
    return [math.log(sum(math.exp(v) for v in w @ f + b)) for f in features]


def energy(row):
    return -math.log(sum(math.exp(v) for v in row))


def sides():
    """Logits of five labelled images of three classes, their labels, and logits of eight wild ones."""
    make = torch.Generator().manual_seed(9)
    known, wild = (4 * torch.randn(n, 3, generator=make, dtype=torch.float64) for n in (5, 8))
    return known, torch.tensor([0, 1, 2, 0, 1]), wild
