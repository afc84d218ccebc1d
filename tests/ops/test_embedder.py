"""An encoder with a linear map behind it."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.modalities.images.run import encoder as encoder_of


@pytest.mark.parametrize("name", ["convnet", "narrow_convnet", "resnet18"])
def test_it_is_a_linear_map_of_what_the_encoder_puts_out(name):
    torch.manual_seed(0)
    plain, embedder = encoder_of(name, (1, 16, 16)).eval(), encoder_of(f"{name}_64", (1, 16, 16)).eval()
    embedder.blocks.load_state_dict(plain.blocks.state_dict())
    images = torch.randn(3, 1, 16, 16)
    found = embedder(images)
    assert found.shape == (3, 64) and embedder.feature_dim == 64
    torch.testing.assert_close(found, F.linear(plain(images), embedder.embedding.weight, embedder.embedding.bias))
    assert (found < 0).any() and len(embedder.layers(images)) == len(plain.blocks)
    reduced = embedder
    reduced.bf16 = True
    assert reduced(images).dtype == torch.float32
