"""What tests of methods share: a small encoder, its context, made methods, batches, a step, slow computations."""

import dataclasses
import importlib
import math
import pkgutil

import torch
from torch import nn

from pipeline.contract import Batch, Context, Inputs, Method
from pipeline.methods.classifier.cross_entropy import CrossEntropy

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
    inputs=Inputs(shape=(1, SIDE, SIDE), view_shape=(1, SIDE, SIDE), mean=(0.5,), std=(0.25,), bounds=(0.0, 1.0)),
    streams={"unlabelled": torch.zeros(60, 1, SIDE, SIDE, dtype=torch.uint8)},
)
SMALL = {
    "projection_hidden": 9,
    "projection_dim": 6,
    "predictor_hidden": 7,
    "prototypes": 5,
    "small_crops": 2,
    "queue_length": 20,
    "groups": 3,
    "cluster_size": 16,
    "latent_dim": 5,
    "consistent_dim": 3,
    "specific_dim": 4,
    "clusters": 3,
    "centre_count": 12,
    "inflation": 2,
    "replicas": 3,
    "angles": 4,
    "blocks": 1,
    "permutation_count": 5,
    "sub_batch": 12,
}
"""Of methods that have these settings, what `made` gives them unless told otherwise."""


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


class Training:
    """A training set of given raw inputs, by default CONTEXT's number of random images, of classes 0, 1, 2, 0 ..."""

    def __init__(self, inputs=None, labels=None, seed=3):
        if inputs is None:
            draws = torch.Generator().manual_seed(seed)
            shape = (CONTEXT.train_examples, *CONTEXT.inputs.shape)
            inputs = torch.randint(256, shape, generator=draws, dtype=torch.uint8)
        self.inputs = inputs
        self.labels = torch.arange(len(inputs)) % CONTEXT.num_classes if labels is None else labels

    def plain(self, inputs=None):
        for part in (self.inputs if inputs is None else inputs).split(20):
            yield normalised(part)

    def raw(self, views):
        return ((views * 0.25 + 0.5) * 255).round().clamp(0, 255).to(torch.uint8)


def normalised(raw):
    """Plain views of raw images, by CONTEXT's mean and deviation."""
    return (raw.float() / 255 - 0.5) / 0.25


def made(cls, batch_norm=True, context=CONTEXT, seed=1, **settings):
    """A method with the small encoder, built and in training mode."""
    torch.manual_seed(seed)
    small = {name: value for name, value in SMALL.items() if hasattr(cls, name)}
    method = cls(**{**small, **settings})
    method.encoder = Encoder(batch_norm)
    method.build(context)
    return method.train()


def members(family, base=Method):
    """The methods of a family, one a module, that are subclasses of `base`."""
    package = importlib.import_module(f"pipeline.methods.{family}")
    modules = [
        importlib.import_module(found.name) for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    own = [
        cls for module in modules for cls in vars(module).values() if getattr(cls, "__module__", "") == module.__name__
    ]
    return [cls for cls in own if isinstance(cls, type) and issubclass(cls, base)]


def classifier(cls=CrossEntropy, **settings):
    """A built classifier on the small encoder, in training mode."""
    return made(cls, **settings)


def trained(method, steps=3, views=("full",)):
    """A method as a run that is built upon gives it: its batch statistics are not those of its initialisation."""
    for number in range(steps):
        step(method, batch(views, seed=number))
    return method.eval().requires_grad_(False)


def on(base, context=CONTEXT):
    """The context of a method that builds on `base`."""
    return dataclasses.replace(context, base=base)


def begun(method, phase=0, training=None, epoch=0):
    """The method at the start of an epoch of a phase, as the loop brings it there."""
    training = training or Training()
    method.phase = phase
    with torch.no_grad():
        method.start_phase(phase, training)
        method.renew(epoch, training)
    method.start_epoch(epoch)
    return method


def phase_by_phase(method, training=None, epoch=0):
    """The method at the start of each of its phases in turn."""
    for phase in range(len(method.phases)):
        torch.manual_seed(phase)
        yield begun(method, phase, training, epoch)


def batch(views=("full", "full"), size=SIZE, seed=2, **streams):
    """A batch of random views; `streams` are further batches, such as `unlabelled=unlabelled(...)`."""
    torch.manual_seed(seed)
    sides = {"small": SIDE // 2}
    images = [torch.randn(size, 1, sides.get(view, SIDE), sides.get(view, SIDE)) for view in views]
    boxes = [torch.tensor([[0.0, 0.0, SIDE, SIDE, 0.0]]).expand(size, 5) for _ in views]
    return Batch(images, torch.arange(size) % 3, torch.arange(size), boxes, streams)


def unlabelled(views=("full",), size=SIZE, seed=4):
    """A stream's batch."""
    return dataclasses.replace(batch(views, size, seed), labels=torch.full((size,), -1))


def step(method, data, learning_rate=0.1, epoch=1):
    """One plain gradient step with the hooks that the loop calls; the loss, without gradient."""
    optimizers = method.optimizers(lambda part: torch.optim.SGD(part.parameters(), learning_rate), method.phase)
    loss = method.step(data, optimizers, epoch)
    with torch.no_grad():
        method.after_step()
    return loss


def unit(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def views_of(z1, z2):
    """Two views' embeddings as lists of unit vectors, in float64."""
    return [[unit(row) for row in z.double().tolist()] for z in (z1, z2)]


def loop_nt_xent(z1, z2, temperature):
    """NT-Xent of embeddings (B, D) of two views, by loops."""
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
    """Embeddings (B, D) of two views."""
    torch.manual_seed(seed)
    return torch.randn(size, dim), torch.randn(size, dim)
