"""The mean of the weights at the ends of the last epochs; it takes their place, with statistics taken anew."""

import torch

from pipeline.methods.averaged.swa import SWA
from tests.kit.methods import CONTEXT, Training, batch, begun, made, step
from tests.kit.slopes import close, numbers


def run(method, steps=8):
    """Two epochs of four steps; the weights after each step."""
    path = []
    for number in range(steps):
        method.progress = number / steps
        step(method, batch(("full",), seed=number))
        path.append(numbers([*method.encoder.parameters(), *method.head.parameters()]))
    return path


def test_the_mean_of_epochs_ends():
    method = made(SWA, start=0.0)
    path = run(method)
    mean = [(a + b) / 2 for a, b in zip(path[3], path[7], strict=True)]
    close(numbers(method.average.parameters()), mean, rtol=1e-5, atol=1e-6)
    assert method.points == CONTEXT.epochs


def test_only_the_last_part_counts():
    method = made(SWA, start=0.5)
    path = run(method)
    close(numbers(method.average.parameters()), path[7])


def test_it_takes_the_place_of_the_weights():
    method, training = made(SWA, start=0.0), Training()
    run(method)
    average = numbers(method.average.parameters())
    begun(method, 1, training)
    close(numbers([*method.encoder.parameters(), *method.head.parameters()]), average)
    norm = method.encoder.norm
    chunks = [method.encoder.convolution(views) for views in training.plain()]
    means = torch.stack([chunk.mean((0, 2, 3)) for chunk in chunks]).mean(0)
    torch.testing.assert_close(norm.running_mean, means)
    assert norm.momentum == 0.1
