"""Probabilities of two classifiers mixed in fixed shares."""

import math

import pytest
import torch

from pipeline.methods.mixed.mixed_classifier import MixedClassifier
from pipeline.ops.attacks import PGD, Ascent
from pipeline.ops.balls import Linf
from tests.kit.methods import CONTEXT, batch
from tests.kit.mixed import bundle, mixed

IMAGES = batch(("full",)).views[0]
LABELS = batch(("full",)).labels


def of_base(base, name, images=IMAGES):
    return base[name].logits(base[name].encoder(images))


@pytest.mark.parametrize(("alpha", "scales"), [(0.3, (1.0, 1.0)), (0.8, (0.5, 2.0))])
def test_against_the_formula(alpha, scales):
    base = bundle()
    method = mixed(MixedClassifier, base, alpha=alpha, accurate_scale=scales[0], robust_scale=scales[1]).eval()
    g, h = (of_base(base, name).tolist() for name in ("accurate", "robust"))
    for found, own, other in zip(method.logits(method.encoder(IMAGES)).tolist(), g, h, strict=True):
        shares = [
            [math.exp(scale * v) / sum(math.exp(scale * w) for w in z) for v in z]
            for z, scale in zip((own, other), scales, strict=True)
        ]
        want = [math.log((1 - alpha) * p + alpha * q) for p, q in zip(*shares, strict=True)]
        assert found == pytest.approx(want, abs=1e-5)
        assert sum(map(math.exp, found)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("alpha", "name"), [(0.0, "accurate"), (1.0, "robust")])
@pytest.mark.parametrize("mix", ["probabilities", "logits"])
def test_at_the_ends_it_is_a_base_to_the_last_bit_also_under_attack(alpha, name, mix):
    base = bundle()
    method = mixed(MixedClassifier, base, alpha=alpha, mix=mix, robust_scale=4.0, accurate_scale=0.5).eval()
    assert torch.equal(method.logits(method.encoder(IMAGES)), of_base(base, name))
    attack = Ascent(PGD(Linf(0.1), 4, 0.05))
    moved = [
        attack(classify, IMAGES, LABELS, CONTEXT.inputs, torch.Generator().manual_seed(1))
        for classify in (lambda v: method.logits(method.encoder(v)), lambda v: of_base(base, name, v))
    ]
    assert torch.equal(*moved)


def test_near_the_ends_it_is_near_a_base():
    base = bundle()
    for alpha, name in ((1e-6, "accurate"), (1 - 1e-6, "robust")):
        found = mixed(MixedClassifier, base, alpha=alpha).eval().logits(IMAGES)
        torch.testing.assert_close(found, of_base(base, name).log_softmax(1), atol=1e-4, rtol=1e-4)


def test_two_equal_bases_are_one():
    base = bundle()
    base.members["accurate"] = base.members["robust"]
    found = mixed(MixedClassifier, base, alpha=0.37).eval().logits(IMAGES)
    torch.testing.assert_close(found, of_base(base, "robust").log_softmax(1), atol=1e-5, rtol=1e-5)


def test_by_its_logits_a_sure_base_outvotes_the_other_and_by_its_probabilities_it_cannot():
    base = bundle()
    with torch.no_grad():  # as sure of class 1 as can be, where the other is ahead with class 0 by more than 0.4 / 0.6
        for name, logits in (("accurate", (0.0, 1000.0, 0.0)), ("robust", (3.0, 0.0, 0.0))):
            base[name].head.weight.zero_()
            base[name].head.bias.copy_(torch.tensor(logits))
    found = {
        m: mixed(MixedClassifier, base, alpha=0.6, mix=m).eval().logits(IMAGES) for m in ("probabilities", "logits")
    }
    torch.testing.assert_close(found["logits"], 0.4 * of_base(base, "accurate") + 0.6 * of_base(base, "robust"))
    assert (found["logits"].argmax(1) == 1).all() and (found["probabilities"].argmax(1) == 0).all()


def test_a_sure_base_hides_neither_values_nor_slopes():
    base = bundle(sharper=3000.0)
    method = mixed(MixedClassifier, base, alpha=0.8).eval()
    images = IMAGES.clone().requires_grad_()
    logits = method.logits(method.encoder(images))
    (slope,) = torch.autograd.grad(logits[:, 0].sum(), images)
    assert logits.isfinite().all() and slope.isfinite().all() and slope.any()


def test_the_bases_are_never_in_training_mode_and_nothing_of_it_is_trained_or_kept():
    method = mixed(MixedClassifier).train()
    assert not any(module.training for module in (*method.accurate.modules(), *method.robust.modules()))
    assert not any(parameter.requires_grad for parameter in method.parameters())
    assert all(name.startswith(method.training_only) for name in method.state_dict())
    assert not MixedClassifier.trains
