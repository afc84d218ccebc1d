"""Neighbours by loops over all pairs, never the image itself; ties of copies."""

import torch

from pipeline.methods.aligned_gradients.pag_nearest import PAGNearest
from tests.kit.methods import Training, begun, made, normalised


def test_neighbours_by_loops():
    training = Training()
    method = begun(made(PAGNearest), training=training)
    raw = (training.inputs.double() / 255).flatten(1)
    for place in range(len(raw)):
        for label in range(3):
            others = [i for i in range(len(raw)) if training.labels[i] == label and i != place]
            want = min(others, key=lambda i: ((raw[i] - raw[place]) ** 2).sum().item())
            assert method.nearest[place, label] == want
    indices, classes = torch.tensor([3, 40]), torch.tensor([2, 0])
    want = normalised(training.inputs)[method.nearest[indices, classes]]
    assert torch.equal(method.destinations(torch.zeros(2, 1, 8, 8), classes, indices), want)


def test_a_copy_of_an_image_is_its_neighbour_and_the_way_there_has_no_direction():
    inputs = Training().inputs
    inputs[3] = inputs[0]
    training = Training(inputs)
    method = begun(made(PAGNearest), training=training)
    assert method.nearest[0, 0] == 3 and method.nearest[3, 0] == 0
    images = normalised(inputs[:1])
    method.destinations(images, torch.tensor([0]), torch.tensor([0]))
    assert torch.equal(method.destinations(images, torch.tensor([0]), torch.tensor([0])), images)
