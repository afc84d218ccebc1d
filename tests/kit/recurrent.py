"""Methods on the encoder `rnn`, batches of short sequences, and the backward pass through time by loops."""

import dataclasses

import torch

from pipeline.contract import Batch
from pipeline.modalities.images.encoders.rnn import RNN
from tests.kit.methods import CONTEXT

SYMBOLS, LENGTH, COUNT = 6, 5, 4


class Exact(RNN):
    """The encoder in float64."""

    def forward(self, images):
        return self.blocks[0](images)


def network(cls, **settings):
    """A method on a recurrent network in float64, built and in training mode."""
    torch.manual_seed(3)
    method = cls(**settings)
    method.encoder = Exact((1, SYMBOLS, LENGTH))
    torch.nn.init.normal_(method.encoder.blocks[0].reading.weight)
    method.build(dataclasses.replace(CONTEXT, feature_dim=method.encoder.feature_dim))
    return method.double().train()


def sequences(count=COUNT, length=LENGTH, seed=4):
    draw = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 1, SYMBOLS, length, generator=draw, dtype=torch.float64)
    return Batch([images], torch.arange(count) % 3, torch.arange(count))


def by_hand(method, data):
    """States h_1 .. h_L and slopes d_k = dE/dh_k, (L, B, units) each, by d_k = W'(d_{k+1} (1 - h_{k+1}^2))."""
    cell, images = method.encoder.blocks[0], data.views[0]
    weights, states = cell.recurrent.detach(), []
    state = torch.zeros(len(images), len(weights), dtype=torch.float64)
    for column in range(images.shape[3]):
        driven = images[:, 0, :, column] @ cell.reading.weight.detach().T + cell.reading.bias.detach()
        state = torch.tanh(driven + state @ weights.T)
        states.append(state)
    head = method.head
    probabilities = (state @ head.weight.detach().T + head.bias.detach()).softmax(1)
    wanted = torch.eye(3, dtype=torch.float64)[data.labels]
    slope = (probabilities - wanted) @ head.weight.detach() / len(images)
    slopes = [slope]
    for after in reversed(states[1:]):
        slope = (slope * (1 - after**2)) @ weights
        slopes.insert(0, slope)
    return states, slopes
