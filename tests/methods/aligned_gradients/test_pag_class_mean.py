"""Where gradients shall lead: to the means of the classes, of all images and in order."""

import torch

from pipeline.methods.aligned_gradients.pag_class_mean import PAGClassMean
from tests.kit.methods import Training, begun, made, normalised


def test_means_by_loops():
    training = Training()
    method = begun(made(PAGClassMean), training=training)
    for label in range(3):
        own = [image for image, y in zip(training.inputs, training.labels, strict=True) if y == label]
        want = sum(normalised(image[None])[0].double() for image in own) / len(own)
        torch.testing.assert_close(method.means[label].double(), want, atol=1e-5, rtol=1e-5)
    images, classes = torch.randn(4, 1, 8, 8), torch.tensor([2, 0, 2, 1])
    assert torch.equal(method.destinations(images, classes, torch.arange(4)), method.means[classes])


def test_a_class_without_images_is_no_trouble():
    training = Training(labels=torch.arange(48) % 2)
    assert not begun(made(PAGClassMean), training=training).means[2].any()
