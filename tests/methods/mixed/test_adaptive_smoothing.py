"""A mixture whose shares a network chooses, image by image."""

import copy
import math

import pytest
import torch

from pipeline.methods.mixed.adaptive_smoothing import AdaptiveSmoothing
from pipeline.methods.mixed.mixed_classifier import MixedClassifier
from pipeline.ops.attacks import PGD, Ascent
from pipeline.ops.balls import Linf
from tests.kit.classifiers import check_kept_state
from tests.kit.methods import CONTEXT, batch, step
from tests.kit.mixed import bundle, mixed

DATA = batch(("full",))
IMAGES = (DATA.views[0] / 3).clamp(-2, 2)
DATA.views[0] = IMAGES
SMALL = {"steps": 2, "step_size": 0.5, "scale": 2.0, "bias": 0.4}


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def softmax(z):
    return [math.exp(v) / sum(map(math.exp, z)) for v in z]


def in_float64(**settings):
    method = mixed(AdaptiveSmoothing, **SMALL, **settings).double()
    method.moved = lambda images, labels: images + 0.1 * images.sign()
    return method


def test_the_loss_by_loops_over_both_halves():
    """u is the network's; what is cut, normalised, mixed and weighed is done here by hand."""
    method, images = in_float64(robust_scale=2.0), IMAGES.double()
    views = torch.cat([images, method.moved(images, DATA.labels)])
    maps = [base.encoder.layers(views) for base in (method.accurate, method.robust)]
    # a copy, since batch normalisation counts
    raw = copy.deepcopy(method.network)(*([m[i] for m in maps] for i in (0, 1))).squeeze(1).tolist()
    count = len(raw)
    middle = sum(raw) / count
    spread = math.sqrt(sum((v - middle) ** 2 for v in raw) / (count - 1))
    cut = [min(max(v, middle - 0.6 * spread), middle + 0.6 * spread) for v in raw]
    mean = sum(cut) / count
    variance = sum((v - mean) ** 2 for v in cut) / count
    total = 0.0
    logits = [base.logits(base.encoder(views)).tolist() for base in (method.accurate, method.robust)]
    for place, v in enumerate(cut):
        q = 2 * (v - mean) / math.sqrt(variance + 1e-5) + 0.4
        a, attacked = sigmoid(q), place >= count // 2
        y = int(DATA.labels[place % (count // 2)])
        g, h = softmax(logits[0][place]), softmax([2 * z for z in logits[1][place]])
        answer = -math.log((1 - a) * g[y] + a * h[y])
        told = -math.log(a if attacked else 1 - a)
        total += (1.0 if attacked else 2.0) * (told + 0.5 * answer + 0.1 * told * answer)
    batch64 = copy.copy(DATA)
    batch64.views = [images]
    assert method.loss(batch64).item() == pytest.approx(total / count)
    # running statistics: momentum 0.01, from a mean of 0 and a variance of 1
    assert method.norm.running_mean.item() == pytest.approx(0.01 * mean)
    assert method.norm.running_var.item() == pytest.approx(0.99 + 0.01 * variance * count / (count - 1))


def test_evaluation_has_a_range_and_constants_of_its_own():
    method = mixed(AdaptiveSmoothing, **{**SMALL, "scale": 3.0, "bias": -1.0}, least=0.3, span=0.5).eval()
    method.norm.running_mean.fill_(0.2)
    maps = [base.encoder.layers(IMAGES) for base in (method.accurate, method.robust)]
    raw = method.network(*([m[i] for m in maps] for i in (0, 1))).squeeze(1).tolist()
    want = [0.3 + 0.5 * sigmoid(3 * (u - 0.2) / math.sqrt(1 + 1e-5) - 1) for u in raw]
    assert method.robust_share(IMAGES).squeeze(1).tolist() == pytest.approx(want, abs=1e-5)


def test_without_a_span_it_is_the_constant_mixture():
    base = bundle()
    adaptive = mixed(AdaptiveSmoothing, base, least=0.7, span=0.0).eval()
    constant = mixed(MixedClassifier, base, alpha=0.7).eval()
    torch.testing.assert_close(adaptive.logits(IMAGES), constant.logits(IMAGES), atol=1e-6, rtol=1e-6)


def test_an_answer_does_not_depend_on_the_other_images():
    method = mixed(AdaptiveSmoothing, **SMALL)
    for _ in range(3):
        step(method, DATA)
    method.eval()
    alone = torch.cat([method.logits(image[None]) for image in IMAGES])
    torch.testing.assert_close(method.logits(IMAGES), alone, atol=1e-5, rtol=1e-5)
    before = copy.deepcopy(method.state_dict())
    method.logits(IMAGES)
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())


def test_an_attack_sees_the_share():
    """The slope of the answer in the image has a part through a(x), which a frozen share would hide."""
    method = mixed(AdaptiveSmoothing, **SMALL, least=0.2, span=0.6).eval().double()
    images = IMAGES.double().requires_grad_()
    whole = torch.autograd.grad(method.logits(images)[:, 0].sum(), images)[0]
    frozen, method.within = method.within, lambda standard: frozen(standard).detach()
    without = torch.autograd.grad(method.logits(images)[:, 0].sum(), images)[0]
    assert (whole - without).abs().max() > 1e-3 * whole.abs().max()
    method.within = frozen
    place, eps = (0, 0, 3, 3), 1e-6
    ends = []
    for sign in (1, -1):
        moved = IMAGES.double().clone()
        moved[place] += sign * eps
        ends.append(method.logits(moved)[:, 0].sum().item())
    assert whole[place].item() == pytest.approx((ends[0] - ends[1]) / (2 * eps), rel=1e-3, abs=1e-6)


def test_the_attack_of_training_stays_in_the_ball_and_leaves_all_as_it_was():
    method = mixed(AdaptiveSmoothing, **SMALL)
    before = copy.deepcopy(method.state_dict())
    moved = method.moved(IMAGES, DATA.labels)
    reach = ((moved - IMAGES) * 0.25).flatten(1).abs().amax(1)
    assert reach.max() <= 1.1 * 0.1 + 1e-6 and reach.min() >= 0.3 * 0.1
    assert reach.max() - reach.min() > 0.01  # radii of their own
    assert (moved * 0.25 + 0.5).min() >= -1e-6 and (moved * 0.25 + 0.5).max() <= 1 + 1e-6
    assert not moved.requires_grad and method.training and method.norm.training
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    with torch.no_grad():
        method.eval()
        ones = torch.ones(len(IMAGES))
        assert sum(part.mean() for part in method.losses(moved, DATA.labels, ones)) > sum(
            part.mean() for part in method.losses(IMAGES, DATA.labels, ones)
        )


def test_the_network_is_trained_and_the_bases_are_not():
    method = mixed(AdaptiveSmoothing, **SMALL)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    losses = []
    torch.manual_seed(0)
    for _ in range(4):
        losses.append(method.loss(DATA).item())
        step(method, DATA)
    after = method.state_dict()
    bases = [name for name in before if name.startswith(("accurate", "robust"))]
    assert bases and all(torch.equal(before[name], after[name]) for name in bases)
    assert all(
        not torch.equal(before[name], after[name]) for name, _ in method.network.named_parameters(prefix="network")
    )
    assert not any(module.training for module in (*method.accurate.modules(), *method.robust.modules()))
    check_kept_state(method, mixed(AdaptiveSmoothing, method_bases(method), seed=4, **SMALL), IMAGES)


def method_bases(method):
    found = bundle()
    for name in ("accurate", "robust"):
        found.members[name] = getattr(method, name)
    return found


def test_detecting_is_learnt_where_attacked_images_are_others():
    """Over some steps the shares of attacked images rise above those of the same as they are."""
    torch.manual_seed(1)
    method = mixed(AdaptiveSmoothing, **{**SMALL, "least": 0.0, "span": 1.0})
    method.moved = lambda images, labels: images + 0.4 * torch.ones_like(images)
    optimizer = torch.optim.AdamW([p for p in method.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(25):
        optimizer.zero_grad()
        method.loss(DATA).backward()
        optimizer.step()
    with torch.no_grad():
        found = [method.losses(v, DATA.labels, torch.zeros(len(v)))[1].mean() for v in (IMAGES, IMAGES + 0.4)]
    method.eval()
    assert (method.robust_share(IMAGES + 0.4) > method.robust_share(IMAGES)).float().mean() > 0.8, found


def test_a_saturated_share_has_finite_slopes():
    method = mixed(AdaptiveSmoothing, **{**SMALL, "bias": 1e4}, least=0.2, span=0.8).eval()
    moved = Ascent(PGD(Linf(0.1), 2, 0.05))(method.logits, IMAGES, DATA.labels, CONTEXT.inputs)
    assert moved.isfinite().all()
