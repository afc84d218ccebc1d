"""Losses on logits against slow float64 loops, closed forms and the limits in which one becomes another."""

import math

import pytest
import torch
from torch import nn

from pipeline.contract import Batch, Context
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.label_smoothing import LabelSmoothing
from pipeline.methods.classifier.ldr_kl import LDRKL
from pipeline.methods.classifier.max_sup import MaxSup
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.methods.margin_softmax.cosface import CosFace

CONTEXT = Context(
    feature_dim=6,
    num_classes=5,
    train_examples=40,
    class_counts=(8,) * 5,
    batch_size=8,
    steps_per_epoch=5,
    epochs=1,
    seed=0,
)
B, K = 9, 5


def log_softmax(z):
    top = max(z)
    total = top + math.log(sum(math.exp(v - top) for v in z))
    return [v - total for v in z]


def mean_over(loss, logits, labels):
    return sum(loss(z, y) for z, y in zip(logits.tolist(), labels.tolist(), strict=True)) / len(labels)


def cross_entropy(z, y):
    return -log_softmax(z)[y]


def label_smoothing(alpha):
    def loss(z, y):
        return -sum(((1 - alpha) * (k == y) + alpha / len(z)) * v for k, v in enumerate(log_softmax(z)))

    return loss


def max_sup(alpha):
    return lambda z, y: cross_entropy(z, y) + alpha * (max(z) - sum(z) / len(z))


def ldr(temperature, margin):
    def loss(f, y):
        terms = [(v - f[y] + margin * (k != y)) / temperature for k, v in enumerate(f)]
        top = max(terms)
        return temperature * (top + math.log(sum(math.exp(t - top) for t in terms) / len(f)))

    return loss


def test_cross_entropy(logits, labels):
    assert CrossEntropy().objective(logits, labels).item() == pytest.approx(mean_over(cross_entropy, logits, labels))


@pytest.mark.parametrize("alpha", [0.05, 0.1, 1.0])
def test_label_smoothing(alpha, logits, labels):
    got = LabelSmoothing(alpha=alpha).objective(logits, labels).item()
    assert got == pytest.approx(mean_over(label_smoothing(alpha), logits, labels))


@pytest.mark.parametrize("progress", [0.0, 0.25, 0.999])
def test_max_sup_raises_alpha_linearly(progress, logits, labels):
    method = MaxSup()
    method.progress = progress
    want = mean_over(max_sup(0.1 + 0.1 * progress), logits, labels)
    assert method.objective(logits, labels).item() == pytest.approx(want)


def test_alpha_zero_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(LabelSmoothing(alpha=0.0).objective(logits, labels), want)
    torch.testing.assert_close(MaxSup(alpha_start=0.0, alpha_end=0.0).objective(logits, labels), want)


def test_max_sup_is_label_smoothing_where_every_prediction_is_right_and_more_where_not(logits):
    right, wrong = logits.argmax(1), logits.argmin(1)
    smooth, sup = LabelSmoothing(alpha=0.1), MaxSup(alpha_start=0.1, alpha_end=0.1)
    torch.testing.assert_close(sup.objective(logits, right), smooth.objective(logits, right))
    gap = 0.1 * (logits.amax(1) - logits.amin(1)).mean()
    torch.testing.assert_close(sup.objective(logits, wrong) - smooth.objective(logits, wrong), gap)


def test_max_sup_penalty_reaches_the_top_logit_and_the_mean(labels):
    z = torch.tensor([[2.0, 0.0, 1.0, -1.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([2])
    MaxSup(alpha_start=0.4, alpha_end=0.4).objective(z, y).backward()
    want = z.detach().softmax(1) - torch.eye(4, dtype=torch.float64)[y] + torch.tensor([[0.3, -0.1, -0.1, -0.1]])
    torch.testing.assert_close(z.grad, want)


def linear(method, features):
    """Build `method` in float64 with a known head; returns plain f = W x + b."""
    torch.manual_seed(3)
    method.build(CONTEXT)
    method.double()
    return nn.functional.linear(features, method.head.weight, method.head.bias)


FEATURES = torch.randn(B, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("margin", [0.0, 0.1, 2.0])
def test_ldr_kl(temperature, margin, labels):
    method = LDRKL(temperature=temperature, margin=margin)
    f = linear(method, FEATURES)
    got = method.objective(method.logits(FEATURES), labels).item()
    assert got == pytest.approx(mean_over(ldr(temperature, margin), f, labels))


def test_ldr_kl_normalised_as_in_the_authors_code(labels):
    method = LDRKL(temperature=2.0, margin=0.1, normalise=True)
    rows = [[math.log1p(math.exp(v)) for v in row] for row in linear(method, FEATURES).tolist()]
    f = torch.tensor([[K * v / sum(row) for v in row] for row in rows])
    got = method.objective(method.logits(FEATURES), labels).item()
    assert got == pytest.approx(mean_over(ldr(2.0, 0.1), f, labels), rel=1e-6)


def test_ldr_kl_is_cross_entropy_less_a_constant(logits, labels):
    got = LDRKL(temperature=1.0, margin=0.0).objective(logits, labels)
    torch.testing.assert_close(got, CrossEntropy().objective(logits, labels) - math.log(K))


def test_ldr_kl_is_the_maximum_over_label_distributions(labels):
    """The closed form is reached by p ~ exp((f + c) / lambda) and by no other distribution."""
    method = LDRKL(temperature=0.7, margin=0.5)
    f = linear(method, FEATURES)
    y = labels[:, None]
    gaps = f - f.gather(1, y) + 0.5 * (1 - nn.functional.one_hot(labels, K))

    def value(p):
        return ((p * gaps).sum(1) - 0.7 * (p * (K * p).log()).sum(1)).mean()

    best = (gaps / 0.7).softmax(1)
    loss = method.objective(method.logits(FEATURES), labels)
    torch.testing.assert_close(value(best), loss)
    other = (best.log() + 0.1 * torch.randn(B, K, generator=torch.Generator().manual_seed(5))).softmax(1)
    assert value(other) < loss


def test_ldr_kl_tends_to_crammer_singer_and_to_the_mean(labels):
    cold, hot = LDRKL(temperature=1e-3, margin=1.0), LDRKL(temperature=1e6, margin=1.0)
    f = linear(cold, FEATURES)
    linear(hot, FEATURES)
    gaps = f - f.gather(1, labels[:, None]) + (1 - nn.functional.one_hot(labels, K))
    torch.testing.assert_close(
        cold.objective(cold.logits(FEATURES), labels), gaps.amax(1).mean(), atol=1e-3 * math.log(K) + 1e-9, rtol=0
    )
    torch.testing.assert_close(hot.objective(hot.logits(FEATURES), labels), gaps.mean(), atol=1e-4, rtol=0)


def margin_loss(scale, target, weight, labels):
    """Slow cosines, then cross-entropy of scaled cosines with the true class's replaced."""
    total = 0.0
    for x, y in zip(FEATURES.tolist(), labels.tolist(), strict=True):
        z = []
        for w in weight.tolist():
            dot = sum(a * b for a, b in zip(x, w, strict=True))
            z.append(scale * dot / math.sqrt(sum(a * a for a in x) * sum(b * b for b in w)))
        z[y] = scale * target(z[y] / scale)
        total += cross_entropy(z, y)
    return total / len(labels)


def arc(margin):
    def target(cosine):
        theta = math.acos(cosine)
        return math.cos(theta + margin) if theta < math.pi - margin else cosine - margin * math.sin(math.pi - margin)

    return target


@pytest.mark.parametrize(
    "method, target",
    [
        (CosFace(), lambda c: c - 0.35),
        (CosFace(scale=8.0, margin=0.1), lambda c: c - 0.1),
        (ArcFace(), arc(0.5)),
        (ArcFace(scale=10.0, margin=1.3), arc(1.3)),
    ],
)
def test_margin_softmax(method, target, labels):
    torch.manual_seed(4)
    method.build(CONTEXT)
    want = margin_loss(method.scale, target, method.head.weight.detach(), labels)
    got = method.objective(method.logits(FEATURES.float()), labels).item()
    assert got == pytest.approx(want, rel=1e-4)


def test_margin_zero_is_the_normalised_softmax(labels):
    cosine = torch.rand(B, K, generator=torch.Generator().manual_seed(6), dtype=torch.float64) * 1.8 - 0.9
    want = nn.functional.cross_entropy(20 * cosine, labels)
    for method in (ArcFace(scale=20.0, margin=0.0), CosFace(scale=20.0, margin=0.0)):
        torch.testing.assert_close(method.objective(20 * cosine, labels), want)


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.5])
def test_arcface_falls_with_the_angle_all_the_way(margin):
    theta = torch.linspace(0.001, math.pi - 0.001, 500, dtype=torch.float64)
    target = ArcFace(margin=margin).target(theta.cos())
    assert (target.diff() < 0).all()
    near = theta < math.pi - margin - 1e-6
    torch.testing.assert_close(target[near], (theta[near] + margin).cos())


def test_arcface_gradient_is_finite_at_the_ends():
    cosine = torch.tensor([-1.0, 1.0, 0.3], requires_grad=True)
    ArcFace().target(cosine).sum().backward()
    assert cosine.grad.isfinite().all() and (cosine.grad > 0).all()


def test_margin_logits_do_not_see_the_length_of_features_and_margins_do_not_enter_them():
    for method in (ArcFace(scale=16.0), CosFace(scale=16.0)):
        torch.manual_seed(7)
        method.build(CONTEXT)
        out = method.logits(FEATURES.float())
        torch.testing.assert_close(out, method.logits(5 * FEATURES.float()), atol=1e-4, rtol=1e-5)
        weight = nn.functional.normalize(method.head.weight)
        torch.testing.assert_close(out, 16 * nn.functional.normalize(FEATURES.float()) @ weight.T, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("method", [CrossEntropy(), LabelSmoothing(), MaxSup(), LDRKL(margin=0.5, temperature=2.0)])
def test_gradients(method, logits, labels):
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


@pytest.mark.parametrize("method", [ArcFace(scale=4.0), CosFace(scale=4.0)])
def test_margin_gradients(method, labels):
    cosine = (torch.rand(B, K, generator=torch.Generator().manual_seed(8), dtype=torch.float64) * 1.6 - 0.8) * 4
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), cosine.requires_grad_())


@pytest.mark.parametrize("loss", [CrossEntropy, LabelSmoothing, MaxSup, LDRKL, ArcFace, CosFace])
def test_a_shift_of_all_logits_or_a_new_order_of_classes_changes_nothing(loss, logits, labels):
    method = loss()
    order = torch.tensor([3, 1, 4, 0, 2])
    want = method.objective(logits, labels)
    torch.testing.assert_close(method.objective(logits[:, order], order.argsort()[labels]), want)
    if not hasattr(method, "scale"):
        torch.testing.assert_close(method.objective(logits + 7, labels), want)


@pytest.mark.parametrize("loss", [CrossEntropy, LabelSmoothing, MaxSup, LDRKL, ArcFace, CosFace])
def test_loss_goes_through_encoder_and_head(loss, labels):
    method = loss()
    method.encoder = nn.Sequential(nn.Flatten(), nn.Linear(4, 6))
    method.build(CONTEXT)
    images = torch.randn(B, 1, 2, 2, generator=torch.Generator().manual_seed(9))
    got = method.loss(Batch(views=[images], labels=labels, indices=torch.arange(B)))
    torch.testing.assert_close(got, method.objective(method.logits(method.encoder(images)), labels))
    got.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.parameters())
