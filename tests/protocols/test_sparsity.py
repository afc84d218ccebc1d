"""Which images have a sparsity, that every network is tried in the same directions, and that twice is the same."""

import dataclasses

import pytest
import torch

from pipeline.methods.sparsity.sparsity_linf import SparsityLinf
from pipeline.protocols.sparsity.run import Evidence
from pipeline.training import loop
from pipeline.training.evidence import evaluate
from tests.kit import jobs

SETTINGS = {"directions": 2, "bisections": 3, "steps": 4, "step_size": 0.5, "radius": 0.3}


def base(seed=0):
    made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=20), seed)
    made = dataclasses.replace(made, settings={**made.settings, "encoder": "convnet"})
    return loop.build(made, loop.whole(made)).eval().requires_grad_(False)


def evidence(built, seed=0):
    made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=20), seed)
    return Evidence(dataclasses.replace(made, method=SparsityLinf(**SETTINGS).eval(), base=built))


def test_what_is_wrong_or_cannot_be_broken_has_none():
    shown = evidence(base())
    found = evaluate(shown, ["sparsity", "breakable"])
    right = shown._classify(shown.job.views.view(shown.job.data.test_inputs, "plain")[0]).argmax(1) == shown.labels
    assert not (shown.breakable & ~right).any() and shown.breakable.any()
    assert not shown.sparse[~shown.breakable].any()
    assert found.metrics["sparsity"] == pytest.approx(shown.sparse[shown.breakable].mean().item())
    assert found.metrics["breakable"] == pytest.approx(100 * shown.breakable.double().mean().item())


def test_twice_is_the_same_and_another_seed_is_not():
    built = base()
    first, again, other = (evidence(built, seed).sparse for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
