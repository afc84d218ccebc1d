"""The loss on the hardest negatives against slow loops, its limits in share and temperature, and whom it moves."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding import hard_contrastive
from pipeline.methods.joint_embedding.hard_contrastive import HardContrastive
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.similarity import positives_and_negatives
from tests.kit.embeddings import anchors, info_nce
from tests.kit.methods import batch, dot, made, pair


@pytest.mark.parametrize("simple", [False, True])
def test_hard_contrastive_equals_the_slow_loops(simple):
    z, total = pair(), 0.0
    for anchor, positive, negatives in anchors(z):
        hard = sorted((dot(anchor, other) for other in negatives), reverse=True)[:3]
        p = dot(anchor, positive)
        total += (sum(hard) / 3 - p if simple else info_nce(p, hard, 0.3)) / 14
    method = HardContrastive(hard_share=0.25, temperature=0.3, simple=simple)
    assert float(method.objective(*z)) == pytest.approx(total, rel=1e-5)


def test_with_all_negatives_hard_contrastive_is_nt_xent():
    z = pair()
    found = float(HardContrastive(hard_share=1.0).objective(*z))
    assert found == pytest.approx(float(SimCLR().objective(*z)), rel=1e-6)


def test_easy_negatives_have_no_force(monkeypatch):
    positives, negatives = positives_and_negatives(*pair())
    negatives.requires_grad_()
    monkeypatch.setattr(hard_contrastive, "positives_and_negatives", lambda *z: (positives, negatives))
    HardContrastive(hard_share=0.25, temperature=1.0).objective().backward()
    for cosines, force in zip(negatives.tolist(), negatives.grad, strict=True):
        hard = sorted(range(14), key=lambda j, cosines=cosines: -cosines[j])[:3]
        assert set(force.nonzero()[:, 0].tolist()) == set(hard)


def test_the_simple_loss_is_the_limit_of_a_high_temperature():
    z, temperature, count = pair(), 1000.0, 3
    hot = HardContrastive(hard_share=0.25, temperature=temperature).objective(*(v.double() for v in z)).double()
    scaled = (float(hot) - math.log(count + 1)) * temperature * (count + 1) / count
    simple = float(HardContrastive(hard_share=0.25, simple=True).objective(*z))
    assert scaled == pytest.approx(simple, abs=5e-3)


def test_embeddings_begin_apart():
    # all embeddings in one point are what the loss tends to from there
    z = torch.cat(made(HardContrastive).embed(batch().views))
    torch.testing.assert_close(z.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
