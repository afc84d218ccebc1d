"""One image a class, of that class, drawn once."""

import torch

from pipeline.methods.aligned_gradients.pag_one_image import PAGOneImage
from tests.kit.methods import Training, begun, made, normalised


def test_each_example_is_a_training_image_of_its_class_and_draws_differ():
    training, found = Training(), []
    views = normalised(training.inputs)
    for seed in range(4):
        method = made(PAGOneImage)
        torch.manual_seed(seed)
        examples = begun(method, training=training).examples
        places = [(views == example).flatten(1).all(1).nonzero().item() for example in examples]
        assert [training.labels[place].item() for place in places] == [0, 1, 2]
        found.append(tuple(places))
    assert len(set(found)) > 1
    classes = torch.tensor([1, 1, 0])
    assert torch.equal(method.destinations(views[:3], classes, torch.arange(3)), examples[classes])
