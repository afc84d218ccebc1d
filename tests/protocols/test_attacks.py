"""Evaluation of attacks: of whom something is left, what a pass is, who draws what."""

import dataclasses

import pytest
import torch

from pipeline.methods.attack import PostHocAttack
from pipeline.methods.attack.fgsm import FGSM
from pipeline.methods.attack.pgd import PGDAttack
from pipeline.methods.attack.square import SquareAttack
from pipeline.ops.balls import L2, Linf
from pipeline.protocols.attacks.run import Evidence
from pipeline.training.evidence import evaluate
from tests.kit import jobs

BASE = {"epochs": 3}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=30), 0, **BASE)
    made = dataclasses.replace(made, settings={**made.settings, "encoder": "convnet"})
    jobs.fitted(made, tmp_path_factory.mktemp("base") / "state")
    return made.method.eval().requires_grad_(False)


def evidence(base, method, seed=0, **settings):
    values = {"encoder": "convnet", "batch_size": 10, "norm": "linf", "radius": 0.1, "watch": False, **settings}
    made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=30), seed, **BASE)
    made = dataclasses.replace(made, settings={**made.settings, **values}, method=method, base=base)
    method.eval()
    return Evidence(made)


def test_left_is_right_before_and_after_and_passes_are_counted(base):
    found = evaluate(evidence(base, PGDAttack(steps=4)), ["left", "passes"])
    shown = evidence(base, PGDAttack(steps=4))
    both = (shown.predictions == shown.labels) & (shown.attacked_predictions == shown.labels)
    assert found.metrics["left"] == pytest.approx(100 * both.double().mean().item())
    assert found.metrics["passes"] == 4
    assert set(found.arrays["example_left"].tolist()) <= {0.0, 100.0}
    assert torch.equal(found.arrays["attacked_predictions"], shown.attacked_predictions)


def test_passes_with_and_without_gradient_both_count(base):
    assert evidence(base, FGSM()).passes == 1
    assert 1 <= evidence(base, SquareAttack(queries=5)).passes <= 6


class Seen(PostHocAttack):
    """Keeps the ball and the draws that it is given."""

    def attack(self, ball):
        def attack(classify, views, labels, inputs, generator=None):
            self.ball, self.draw = ball, torch.rand(3, generator=generator)
            return views

        return attack


def test_the_study_names_the_ball_and_draws_are_of_study_and_seed_alone(base):
    draws = []
    for seed, radius, norm in ((0, 0.1, "linf"), (0, 0.3, "l2"), (1, 0.1, "linf")):
        method = Seen()
        with torch.no_grad():
            assert evidence(base, method, seed, radius=radius, norm=norm).passes == 0
        assert method.ball == (Linf if norm == "linf" else L2)(radius)
        draws.append(method.draw)
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


def test_what_an_attack_cannot_move_is_left_as_it_was(base):
    shown = evidence(base, PGDAttack(steps=2), radius=1e-9)
    assert torch.equal(shown.attacked_predictions, shown.predictions)


def test_chunks_have_their_own_labels(base, monkeypatch):
    whole = evidence(base, FGSM()).attacked_predictions
    monkeypatch.setattr("pipeline.modalities.images.run.CHUNK", 7)
    assert torch.equal(evidence(base, FGSM()).attacked_predictions, whole)


def test_the_base_is_not_changed(base):
    before = {name: value.clone() for name, value in base.state_dict().items()}
    assert evidence(base, PGDAttack(steps=3)).passes == 3
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert not PostHocAttack.trains
