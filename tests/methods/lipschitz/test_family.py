"""What holds of every classifier with a Lipschitz certificate: constants by loops, units, soundness, state."""

import dataclasses

import pytest
import torch

from pipeline.errors import UserError
from pipeline.methods.lipschitz import Lipschitz, apart
from pipeline.methods.lipschitz.liresnet_emma import LiResNetEMMA
from pipeline.ops.attacks import PGD, Ascent
from pipeline.ops.balls import L2
from tests.kit.certified import SmallLipschitz, SmallPlain, built, certified, pixels
from tests.kit.classifiers import STD
from tests.kit.methods import CONTEXT, members, step

FAMILY = members("lipschitz", Lipschitz)


def trained(cls, steps=3, **settings):
    method = built(cls, SmallLipschitz, **settings)
    for number in range(steps):
        step(method, pixels(seed=number), learning_rate=0.05)
    return method


def test_radii_by_loops():
    method, views = trained(LiResNetEMMA), pixels().views[0]
    found = certified(method, views)
    encoder = method.encoder.double()
    bound = 1.0
    for layer in (encoder.blocks[0][0], encoder.blocks[1][0], encoder.blocks[2][1]):
        unit = torch.eye(layer.start.numel()).double().view(-1, *layer.size)
        bound *= torch.linalg.svdvals(layer.linear(unit).flatten(1))[0].item()
    rows = [row / row.norm() for row in method.head.weight.double()]
    for view, answer, radius in zip(views.double(), found.answers.tolist(), found.radii.tolist(), strict=True):
        h = encoder(view[None])[0]
        z = [(row @ h).item() + b for row, b in zip(rows, method.head.bias.tolist(), strict=True)]
        assert z[answer] == max(z)
        ways = [(z[answer] - z[j]) / (bound / STD * (rows[j] - rows[answer]).norm().item()) for j in range(3)
                if j != answer]  # fmt: skip
        assert radius == pytest.approx(min(ways), rel=1e-5) and radius <= min(ways)


@pytest.mark.parametrize("cls", FAMILY)
def test_no_attack_within_the_radius_changes_an_answer(cls):
    method, views = trained(cls), pixels(seed=7, size=40).views[0]
    found = certified(method, views)
    assert (found.radii > 0).all() and found.radii.dtype == torch.float64
    reach = found.radii.float().view(-1, 1, 1, 1)
    free = dataclasses.replace(CONTEXT.inputs, bounds=None)
    draws = torch.Generator().manual_seed(1)
    for share, broken in ((0.999, False), (60.0, True)):
        attack = Ascent(PGD(L2(share * reach), 20, 0.25 * share * reach))
        moved = attack(lambda x: method.logits(method.encoder(x)), views, found.answers, free, draws)
        assert (method.logits(method.encoder(moved)).argmax(1) != found.answers).any() == broken


def test_lengths_are_of_raw_units_whatever_the_normalisation():
    method, views = trained(LiResNetEMMA), pixels().views[0]
    twice = dataclasses.replace(CONTEXT.inputs, std=(2 * STD,))
    before = certified(method, views).radii
    method.inputs = twice
    torch.testing.assert_close(certified(method, views).radii, 2 * before)  # the exact constant is found anew


@pytest.mark.parametrize("cls", FAMILY)
def test_exact_constants_are_found_once_in_evaluation_and_anew_after_training(cls, monkeypatch):
    method, asked = trained(cls), []
    exact = SmallLipschitz.exact
    monkeypatch.setattr(SmallLipschitz, "exact", lambda self: asked.append(1) or exact(self))
    method.eval()
    first = [method.exact() for _ in range(3)]
    assert len(asked) == 1 and first[0] == first[1] == first[2]
    method.train()
    step(method, pixels())
    assert method.eval().exact() != first[0] or cls.__name__ == "LipschitzUndefended"
    assert len(asked) == 2


def test_training_reach_grows_over_half_of_training():
    method = LiResNetEMMA(radius=0.2, start=0.1, end=1.5)
    found = []
    for progress in (0.0, 0.25, 0.5, 0.9):
        method.progress = progress
        found.append(method.reach)
    assert found == pytest.approx([0.02, 0.16, 0.3, 0.3])


def test_distances_of_rows_and_their_gradient_at_nothing():
    rows = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    found = apart(rows, torch.tensor([2, 0]))
    for i, y in enumerate((2, 0)):
        for j in range(4):
            assert found[i, j].item() == pytest.approx((rows[j] - rows[y]).norm().item(), abs=1e-12)
    found.sum().backward()
    assert rows.grad.isfinite().all() and found[0, 2] == found[1, 0] == 0


@pytest.mark.parametrize("cls", FAMILY)
def test_the_loss_reaches_every_weight_and_stays_finite(cls):
    method, data = trained(cls), pixels(seed=5)
    method.zero_grad()
    method.loss(data).backward()
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), name


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept_and_leaves_it_alone(cls):
    method, fresh, views = trained(cls), built(cls, SmallLipschitz, seed=9), pixels().views[0]
    kept = {name: value.clone() for name, value in method.state_dict().items()}
    found = certified(method, views)
    assert all(torch.equal(value, kept[name]) for name, value in method.state_dict().items())
    fresh.load_state_dict(kept)
    assert all(torch.equal(a, b) for a, b in zip(found[:2], certified(fresh, views)[:2], strict=True))


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if cls.__name__ != "LipschitzUndefended"])
def test_a_method_goes_on_from_what_is_kept(cls):
    method = trained(cls)
    twin = built(cls, SmallLipschitz, seed=9)
    twin.load_state_dict(method.state_dict())
    for seed in (5, 6):
        assert torch.equal(*(step(each, pixels(seed=seed)) for each in (method, twin)))


def test_tightness_is_a_share():
    method, views = trained(LiResNetEMMA).eval(), pixels().views[0]
    found = method.tightness(views, torch.Generator().manual_seed(0))
    assert found.shape == (12,) and (found > 0.05).all() and (found <= 1 + 1e-6).all()


def test_other_encoders_are_refused():
    with pytest.raises(UserError, match="known Lipschitz constants"):
        built(LiResNetEMMA, SmallPlain)
