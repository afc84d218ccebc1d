"""The bound for given noise by slow loops over codes and pixels, and the hidden states that are probed."""

import pytest
import torch

from pipeline.methods.generative.mim import MIM
from tests.kit.embeddings import loop_mim
from tests.kit.methods import SIZE, batch, made


def test_mim_equals_the_slow_loops():
    method, data = made(MIM, batch_norm=False), batch(("full",))
    torch.manual_seed(4)
    noise = torch.randn(SIZE, 5)
    torch.manual_seed(4)
    found = method.loss(data).item()
    assert found == pytest.approx(loop_mim(method, data.views[0], noise), rel=1e-5)


def test_certainty_is_rewarded_until_the_log_variance_stops():
    method, data, losses = made(MIM, batch_norm=False), batch(("full",)), []
    with torch.no_grad():
        method.code.linear.weight[5:] = 0
        for log_variance in (-4.0, -5.0, -6.0, -9.0):
            method.code.linear.bias[5:] = log_variance
            torch.manual_seed(4)
            losses.append(method.loss(data).item())
    # (log q) / 2 of five dimensions gains 5/4 a unit of log variance, for 64 pixels; little else changes
    assert losses[0] - losses[1] == pytest.approx(5 / 4 / 64, rel=0.2)
    assert losses[2] < losses[1] and losses[2] == losses[3]


def test_informative_embeddings_are_hidden_states_of_the_decoder_and_features_the_code():
    method = made(MIM).eval()
    images = batch(("full",)).views[0]
    features = method.features(images)
    further = method.further_features(images, features)
    torch.testing.assert_close(features, method.code.linear(method.encoder(images))[:, :5])
    hidden = method.hidden(features)
    assert hidden.shape == (SIZE, 8, 8, 8)
    blocks = hidden.unflatten(3, (4, 2)).unflatten(2, (4, 2)).mean((3, 5))
    torch.testing.assert_close(further["informative"], blocks.flatten(1))
