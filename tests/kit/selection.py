"""What tests of selections share: a small training set, with examples of a target or without, what a proxy sees."""

import dataclasses

import torch

from tests.kit.methods import CONTEXT, Training, made

TARGETS = 10
TARGETED = dataclasses.replace(CONTEXT, streams={"target": torch.zeros(TARGETS, *CONTEXT.inputs.shape)})
"""A context whose last training examples are the target's."""


def selecting(cls, **settings):
    """A member at the start of phase 1, its proxy as it was initialised, and the training set that it saw."""
    method, training = made(cls, **settings), Training()
    method.phase = 1
    torch.manual_seed(0)
    with torch.no_grad():
        method.start_phase(1, training)
    return method, training


def errors_and_features(method, training):
    """p - y and features of every example by an untrained proxy, as lists, without the method's help."""
    method.encoder.load_state_dict(method.initial[0].state_dict())
    method.eval()
    with torch.no_grad():
        features = torch.cat([method.encoder(part) for part in training.plain()]).double()
        p = method.initial[1].double()(features).softmax(1)
    method.initial.float()
    method.train()
    rows = p.tolist()
    for row, label in zip(rows, training.labels.tolist(), strict=True):
        row[label] -= 1
    return rows, features.tolist()
