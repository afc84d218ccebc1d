"""FOA-Attack: weights and similarities by loops, its limits, and that it goes where it should."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.transfer.foa_attack import FOAAttack
from tests.kit import methods

SETTINGS = {"radius": 0.1, "steps": 6, "step_size": 0.25, "clusters": 4, "rounds": 3}
SURROGATES = [methods.made(CrossEntropy, seed=seed).eval().requires_grad_(False) for seed in (1, 2, 3)]


def images(seed: int) -> torch.Tensor:
    return methods.normalised(torch.randint(256, (5, 1, 8, 8), generator=torch.Generator().manual_seed(seed)))


def moved(**settings: object) -> torch.Tensor:
    method = FOAAttack(**{**SETTINGS, **settings})
    draws = torch.Generator().manual_seed(4)
    return method.attack(SURROGATES, images(1), images(2), methods.CONTEXT.inputs, draws)


def test_weights_by_loops() -> None:
    now, before = torch.tensor([[0.5], [0.2], [0.9]]), torch.tensor([[0.4], [0.4], [0.9]])
    ratios = [0.5 / 0.4, 0.5, 1.0]
    total = sum(math.exp(r) for r in ratios)
    found = FOAAttack().weights(now, before)
    assert found.flatten().tolist() == pytest.approx([3 * math.exp(r) / total for r in ratios])
    assert found.sum().item() == pytest.approx(3.0)
    assert torch.equal(FOAAttack().weights(now, None), torch.ones(3, 1))
    assert torch.equal(FOAAttack(dynamic=False).weights(now, before), torch.ones(3, 1))


def test_without_local_features_it_is_the_cosine_of_the_encoders_own() -> None:
    method, surrogate = FOAAttack(**{**SETTINGS, "local_weight": 0.0}), SURROGATES[0]
    found = method.similarity(surrogate, images(1), images(2), torch.Generator())
    want = F.cosine_similarity(surrogate.encoder(images(1)), surrogate.encoder(images(2)))
    torch.testing.assert_close(found, want)


def test_an_image_and_itself_with_every_place_a_cluster_are_alike() -> None:
    method = FOAAttack(**{**SETTINGS, "clusters": 36})
    found = method.similarity(SURROGATES[0], images(1), images(1), torch.Generator().manual_seed(0))
    apart = method.similarity(SURROGATES[0], images(1), images(2), torch.Generator().manual_seed(0))
    assert (found <= 1.2 + 1e-5).all() and (found > apart).all()


def test_it_stays_in_the_ball_and_in_range_and_comes_nearer() -> None:
    found, before = moved(steps=30, step_size=0.1), images(1)
    assert (found - before).abs().max() <= 0.1 / 0.25 + 1e-5
    assert found.min() >= -2 - 1e-5 and found.max() <= 2 + 1e-5
    for surrogate in SURROGATES:
        goal = surrogate.encoder(images(2))
        near, far = (F.cosine_similarity(surrogate.encoder(views), goal).mean() for views in (found, before))
        assert near > far


def test_every_part_matters() -> None:
    whole = moved()
    assert torch.equal(whole, moved())
    for change in ({"local_weight": 0.0}, {"global_weight": 0.0}, {"dynamic": False}, {"surrogates": 1}):
        assert not torch.equal(whole, moved(**change)), change
