"""Methods for classes known by attributes, built on a small classifier whose features are its inputs."""

import torch
from torch import nn

from pipeline.contract import Context
from pipeline.methods.classifier.cross_entropy import CrossEntropy

SEEN, UNSEEN, WIDTH = 5, 3, 6
ATTRIBUTES = torch.tensor(
    [
        [1.0, 0, 0, 1],
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [0, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 1, 1],
        [0, 1, 1, 1],
        [1, 1, 0, 1],
    ]
)


class Training:
    """Rows that are their own views."""

    def __init__(self, rows, labels):
        self.inputs, self.labels = rows, labels

    def plain(self, inputs=None):
        yield from (self.inputs if inputs is None else inputs).split(7)


def base():
    torch.manual_seed(3)
    made = CrossEntropy()
    made.encoder, made.head = nn.Identity(), nn.Linear(WIDTH, SEEN + UNSEEN)
    return made.eval()


def training(count=40, seed=0):
    """Rows (count, WIDTH) that depend on their class's attributes, and labels of seen classes."""
    make = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % SEEN
    mixing = torch.randn(ATTRIBUTES.shape[1], WIDTH, generator=make)
    rows = ATTRIBUTES[labels] @ mixing + 0.3 * torch.randn(count, WIDTH, generator=make)
    return Training(rows, labels)


def built(cls, started=True, double=True, given=None, **settings):
    """The method, its features stored, in float64."""
    given = given or training()
    torch.manual_seed(1)
    method = cls(**settings)
    method.encoder = nn.Identity()
    context = Context(
        feature_dim=WIDTH,
        num_classes=SEEN + UNSEEN,
        train_examples=len(given.inputs),
        class_counts=(),
        batch_size=8,
        steps_per_epoch=5,
        epochs=2,
        seed=0,
        base=base(),
        streams={"seen_attributes": ATTRIBUTES[:SEEN], "unseen_attributes": ATTRIBUTES[SEEN:]},
    )
    method.build(context)
    if double:
        method.double()
        given = Training(given.inputs.double(), given.labels)
    method.train()
    if started:
        with torch.no_grad():
            method.start_phase(0, given)
    return method
