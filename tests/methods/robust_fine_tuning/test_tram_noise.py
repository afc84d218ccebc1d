"""The reference is the network itself on noisy inputs."""

import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.tram_noise import TRAMNoise
from tests.kit.fine_tuning import divergence, flat_weights, stepped, tuned
from tests.kit.methods import batch


def test_the_radius_is_the_divergence_of_noisy_predictions():
    method, data = tuned(TRAMNoise, batch_norm=False, rho=3.0, sigma=0.5), batch(("full",))
    torch.manual_seed(6)
    method.backward(data)
    torch.manual_seed(6)
    noise = 0.5 * torch.randn_like(data.views[0])
    with torch.no_grad():
        noisy, clean = (method.logits(method.encoder(x)).double() for x in (data.views[0] + noise, data.views[0]))
    torch.testing.assert_close(method.d.item(), 3.0 * divergence(noisy, clean), rtol=1e-4, atol=0.0)
    assert method.d > 0


def test_without_noise_it_is_fine_tuning():
    torch.testing.assert_close(
        flat_weights(stepped(tuned(TRAMNoise, sigma=0.0))), flat_weights(stepped(tuned(FineTuned)))
    )
    moved = stepped(tuned(TRAMNoise, sigma=1.0, rho=10.0))
    assert not torch.allclose(flat_weights(moved), flat_weights(stepped(tuned(FineTuned))))
