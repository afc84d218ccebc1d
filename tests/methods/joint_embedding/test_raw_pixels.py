"""Means of 2x2 blocks of pixels by slow loops, whatever the encoder, and what blocks do to distances."""

import pytest
import torch

from pipeline.methods.joint_embedding.raw_pixels import RawPixels
from tests.kit.methods import batch, made


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 6, 10), (2, 7, 5)])
def test_features_are_means_of_blocks_by_slow_loops(shape):
    torch.manual_seed(0)
    images = torch.randn(4, *shape)
    found, (channels, height, width) = made(RawPixels).features(images), shape
    for image, row in zip(images.double(), found, strict=True):
        expected = [
            sum(float(image[c, 2 * y + dy, 2 * x + dx]) for dy in (0, 1) for dx in (0, 1)) / 4
            for c in range(channels)
            for y in range(height // 2)
            for x in range(width // 2)
        ]
        torch.testing.assert_close(row.double(), torch.tensor(expected).double(), atol=1e-6, rtol=1e-5)


def test_the_encoder_is_not_asked_and_nothing_trains():
    image = batch(("full",)).views[0]
    first, other = (made(RawPixels, seed=seed) for seed in (1, 2))
    assert torch.equal(first.features(image), other.features(image))
    assert RawPixels.trains is False and not list(RawPixels().parameters())


def test_images_of_even_blocks_keep_their_distances_by_half():
    coarse = torch.randn(2, 1, 4, 4)
    images = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    features = made(RawPixels).features(images)
    assert torch.equal(features, coarse.flatten(1))
    assert float((features[0] - features[1]).norm()) == pytest.approx(float((images[0] - images[1]).norm()) / 2)
