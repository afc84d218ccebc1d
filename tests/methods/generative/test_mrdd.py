"""Both phases' losses by slow loops over images, codes and pixels, the masks, and what each phase trains."""

import math

import pytest
import torch

from pipeline.methods.generative.mrdd import MRDD, masked
from pipeline.ops.edges import edges
from tests.kit.embeddings import gradient_free
from tests.kit.methods import SIZE, batch, made, step


def loop_code_cost(mean, log_variance):
    """KL from the standard Gaussian, the sum over images."""
    total = 0.0
    for m, v in zip(mean.flatten().tolist(), log_variance.flatten().tolist(), strict=True):
        total += 0.5 * (m * m + math.exp(v) - 1 - v)
    return total


def test_masks_hide_whole_patches_of_each_image_by_its_own_draw():
    torch.manual_seed(0)
    hidden = masked(torch.ones(40, 2, 9, 8), 2, 0.7) == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1]), "in all channels"
    patches = hidden[:, 0, :8].unflatten(1, (4, 2)).unflatten(3, (4, 2)).transpose(2, 3).flatten(3)
    assert torch.equal(patches.all(3), patches.any(3))
    corners = hidden[:, 0, ::2, ::2]
    assert corners.flatten(1).sum(1).tolist() == [int(0.7 * 20)] * 40
    assert len({tuple(row) for row in corners.flatten(1).tolist()}) > 30
    assert torch.equal(masked(torch.ones(2, 1, 4, 4), 2, 0.0), torch.ones(2, 1, 4, 4))


def test_the_first_phase_is_a_masked_vae_of_both_views():
    method, data = made(MRDD, batch_norm=False, kl_weight=30.0), batch(("full",))
    torch.manual_seed(5)
    found = method.loss(data).item()
    torch.manual_seed(5)
    view = data.views[0]
    first, second = masked(view, 2, 0.8), masked(edges(view), 2, 0.8)
    with torch.no_grad():
        joined = torch.cat([method.encoder(first), method.encoder(second)], 1)
        mean, log_variance = method.code.linear(joined).double().chunk(2, 1)
        c = mean + torch.randn(SIZE, 3).double() * (log_variance / 2).exp()
        again = [decoder(c.float()).double() for decoder in method.decoders]
    expected = 30 * loop_code_cost(mean, log_variance)
    for i in range(SIZE):
        for whole, made_again in zip((view, edges(view)), again, strict=True):
            expected += float(((whole[i].double() - made_again[i]) ** 2).sum())
    assert found == pytest.approx(expected / view.numel(), rel=1e-4)


def test_the_second_phase_is_a_vae_beside_the_frozen_code_that_must_not_tell_of_it():
    method, data = made(MRDD, batch_norm=False, kl_weight=30.0, mi_weight=1000.0), batch(("full",))
    method.phase, view = 1, data.views[0]
    torch.manual_seed(5)
    found = method.loss(data).item()
    torch.manual_seed(5)
    with torch.no_grad():
        c = method.code.linear(torch.cat([method.encoder(view), method.encoder(edges(view))], 1))[:, :3]
        mean, log_variance = method.specific_code.linear(method.specific_encoder(view)).double().chunk(2, 1)
        s = (mean + torch.randn(SIZE, 4).double() * (log_variance / 2).exp()).float()
        again = method.specific_decoder(torch.cat([s, c], 1)).double()
        guessed, spread = (part.double() for part in method.estimator(s))
    others, c = torch.randperm(SIZE).tolist(), c.double()
    expected = 30 * loop_code_cost(mean, log_variance)
    for i in range(SIZE):
        expected += float(((view[i].double() - again[i]) ** 2).sum())
        for d in range(3):
            own, other = (float(c[j, d] - guessed[i, d]) ** 2 / math.exp(spread[i, d]) for j in (i, others[i]))
            expected += 1000 * (other - own) / 2 + own + float(spread[i, d])
    assert found == pytest.approx(expected / view.numel(), rel=1e-4)


def test_phases_train_different_parts_and_the_shared_encoder_stays_as_it_was():
    method, data = made(MRDD), batch(("full",))
    method.loss(data).backward()
    later = [method.specific_encoder, method.specific_code, method.specific_decoder, method.estimator]
    assert all(gradient_free(part) for part in later)
    assert not any(gradient_free(part) for part in (method.encoder, method.code, method.decoders))
    step(method, data)
    method.phase = 1
    kept = {k: v.clone() for k, v in method.state_dict().items() if k.startswith(("encoder", "code", "decoders"))}
    step(method, data)
    assert all(gradient_free(part) for part in (method.encoder, method.code, method.decoders))
    assert not any(gradient_free(part) for part in later)
    assert all(torch.equal(method.state_dict()[name], value) for name, value in kept.items())


def test_it_is_evaluated_by_both_codes():
    method, images = made(MRDD).eval(), batch(("full",)).views[0]
    further = method.further_features(images, method.features(images))
    assert {name: value.shape[1] for name, value in further.items()} == {"consistent": 3, "specific": 4}
    torch.testing.assert_close(method.features(images), torch.cat([further["consistent"], further["specific"]], 1))
