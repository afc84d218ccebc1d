"""The features of an untrained encoder against slow loops with the weights that its seed draws."""

import pytest
import torch

from pipeline.methods.joint_embedding.random_encoder import RandomEncoder
from tests.kit.methods import FEATURES, SIDE, Encoder, batch, made


def test_features_are_the_convolution_as_it_was_drawn_by_slow_loops():
    method, image = made(RandomEncoder).eval(), batch(("full",), size=1).views[0]
    torch.manual_seed(1)
    drawn = Encoder().convolution.requires_grad_(False)
    pixels, total = image[0, 0].double().tolist(), [0.0] * FEATURES
    places = [(row, column) for row in range(SIDE - 2) for column in range(SIDE - 2)]
    for k in range(FEATURES):
        kernel, bias = drawn.weight[k, 0].double().tolist(), float(drawn.bias[k])
        for row, column in places:
            value = sum(kernel[y][x] * pixels[row + y][column + x] for y in range(3) for x in range(3)) + bias
            # batch normalisation has seen nothing: mean 0, variance 1
            total[k] += max(0.0, value / (1 + 1e-5) ** 0.5) / len(places)
    torch.testing.assert_close(method.features(image)[0].double(), torch.tensor(total).double(), atol=1e-6, rtol=1e-5)


def test_another_seed_is_another_encoder_and_the_same_seed_the_same():
    image = batch(("full",)).views[0]
    first, again, other = (made(RandomEncoder, seed=seed).eval().features(image) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.allclose(first, other)


def test_the_random_encoder_has_nothing_to_train():
    assert RandomEncoder.trains is False and RandomEncoder().views == ()
    assert not list(RandomEncoder().parameters())
    with pytest.raises(NotImplementedError):
        made(RandomEncoder).loss(batch(("full",)))
