"""Decoders by the shapes that they make and the values that they can learn."""

import pytest
import torch

from pipeline.ops.decoder import image_decoder
from tests.kit.embeddings import descend


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 20, 20), (3, 9, 13), (1, 28, 28), (2, 40, 33)])
def test_a_decoder_makes_images_of_any_shape(shape):
    decoder = image_decoder(7, shape)
    assert decoder(torch.randn(3, 7)).shape == (3, *shape)


def test_a_decoder_learns_images_beyond_the_range_of_an_activation():
    torch.manual_seed(0)
    codes, images = torch.randn(4, 6), 3 * torch.randn(4, 1, 8, 8).sign()
    decoder = image_decoder(6, (1, 8, 8))
    errors = descend(decoder, lambda: ((decoder(codes) - images) ** 2).mean(), 100, 0.05)
    assert errors[0] > 8 and errors[-1] < 4
    assert float(decoder(codes).abs().max().detach()) > 2
