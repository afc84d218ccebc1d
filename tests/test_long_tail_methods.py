"""Losses for long tails and sharpness-aware steps against slow float64 loops, closed forms and limits."""

import copy
import dataclasses
import itertools
import math

import pytest
import torch
from method_kit import batch as views_of
from method_kit import made
from torch import nn

from pipeline import source
from pipeline.contract import Batch, Context, Method
from pipeline.methods.balanced import effective_weights
from pipeline.methods.balanced.balanced_softmax import BalancedSoftmax
from pipeline.methods.balanced.class_balanced import ClassBalanced
from pipeline.methods.balanced.focal import Focal
from pipeline.methods.balanced.gumbel import Gumbel, log_odds
from pipeline.methods.balanced.ldam_drw import LDAMDRW
from pipeline.methods.balanced.logit_adjustment import LogitAdjustment
from pipeline.methods.balanced.vs_loss import VSLoss
from pipeline.methods.balanced.wcdas import WCDAS
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.methods.sharpness_aware.sam import SAM
from pipeline.methods.sharpness_aware.sam_ldam_drw import SAMLDAMDRW
from pipeline.methods.sharpness_aware.sam_vs import SAMVS

COUNTS = (400, 90, 30, 7, 3)
CONTEXT = Context(
    feature_dim=6,
    num_classes=5,
    train_examples=sum(COUNTS),
    class_counts=COUNTS,
    batch_size=9,
    steps_per_epoch=50,
    epochs=1,
    seed=0,
)
B, K = 9, 5
BALANCED = [BalancedSoftmax, LogitAdjustment, Focal, ClassBalanced, LDAMDRW, VSLoss, Gumbel, WCDAS]
ALL = [*BALANCED, SAM, SAMVS, SAMLDAMDRW]


@pytest.fixture
def logits():
    return 3 * torch.randn(B, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 0])


FEATURES = torch.randn(B, 6, generator=torch.Generator().manual_seed(2))
IMAGES = torch.randn(B, 1, 2, 2, generator=torch.Generator().manual_seed(3))


class Encoder(nn.Module):
    """Linear, batch-normalised, positive: (B, 1, 2, 2) -> (B, 6)."""

    feature_dim = 6

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 6)
        self.norm = nn.BatchNorm1d(6)

    def forward(self, x):
        return self.norm(self.linear(x.flatten(1))).relu()


def built(cls, counts=COUNTS, **settings):
    torch.manual_seed(4)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(dataclasses.replace(CONTEXT, class_counts=counts))
    return method.train()


def data(labels):
    return Batch([IMAGES], labels, torch.arange(B))


def log_softmax(z):
    top = max(z)
    total = top + math.log(sum(math.exp(v - top) for v in z))
    return [v - total for v in z]


def rows(logits, labels):
    return zip(logits.tolist(), labels.tolist(), strict=True)


# balanced softmax, logit adjustment, vector scaling


def test_balanced_softmax(logits, labels):
    total = 0.0
    for z, y in rows(logits, labels):
        total -= math.log(COUNTS[y] * math.exp(z[y]) / sum(n * math.exp(v) for n, v in zip(COUNTS, z, strict=True)))
    assert built(BalancedSoftmax).objective(logits, labels).item() == pytest.approx(total / B)


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0])
def test_logit_adjustment_trains_by_cross_entropy_and_predicts_without_the_shares(tau, labels):
    method = built(LogitAdjustment, tau=tau)
    z = method.head(FEATURES)
    for row, got in zip(z.tolist(), method.logits(FEATURES).tolist(), strict=True):
        assert got == pytest.approx(
            [v - tau * math.log(n / sum(COUNTS)) for v, n in zip(row, COUNTS, strict=True)], rel=1e-4, abs=1e-5
        )
    want = CrossEntropy().objective(method.head(method.encoder(IMAGES)), labels)
    torch.testing.assert_close(method.loss(data(labels)), want)


def test_logit_adjusted_loss_at_tau_one_is_the_balanced_softmax(logits, labels):
    want = built(BalancedSoftmax).objective(logits, labels)
    torch.testing.assert_close(built(LogitAdjustment).objective(logits, labels), want)
    assert not torch.allclose(built(LogitAdjustment, tau=2.0).objective(logits, labels), want)


def test_logit_adjustment_is_the_balanced_softmax_from_another_bias(labels):
    """The two rows differ by the start of the head's bias: once it is the same, so are losses and gradients."""
    post_hoc, in_loss = built(LogitAdjustment), built(BalancedSoftmax)
    in_loss.load_state_dict(post_hoc.state_dict())
    assert not torch.allclose(post_hoc.loss(data(labels)), in_loss.loss(data(labels)))
    with torch.no_grad():
        in_loss.head.bias -= torch.tensor([math.log(n / sum(COUNTS)) for n in COUNTS])
    torch.testing.assert_close(in_loss.logits(FEATURES), post_hoc.logits(FEATURES))
    losses = [method.backward(data(labels)) for method in (post_hoc, in_loss)]
    torch.testing.assert_close(*losses)
    for a, b in zip(post_hoc.parameters(), in_loss.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("gamma, tau", [(0.3, 1.0), (0.2, 1.2), (1.0, 0.0)])
def test_vs_loss_as_the_authors_write_it(gamma, tau, logits, labels):
    total = 0.0
    for z, y in rows(logits, labels):
        delta = [(1 / n) ** gamma / (1 / max(COUNTS)) ** gamma for n in COUNTS]
        shift = [tau * math.log(n / sum(COUNTS)) for n in COUNTS]
        total -= log_softmax([v / d + i for v, d, i in zip(z, delta, shift, strict=True)])[y]
    assert built(VSLoss, gamma=gamma, tau=tau).objective(logits, labels).item() == pytest.approx(total / B, rel=1e-6)


def test_vs_loss_without_scales_is_the_adjusted_loss_and_without_shifts_cross_entropy(logits, labels):
    adjusted = built(VSLoss, gamma=0.0, tau=1.0).objective(logits, labels)
    torch.testing.assert_close(adjusted, built(BalancedSoftmax).objective(logits, labels))
    plain = built(VSLoss, gamma=0.0, tau=0.0).objective(logits, labels)
    torch.testing.assert_close(plain, CrossEntropy().objective(logits, labels))


# focal loss and class weights


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal(gamma, logits, labels):
    total = 0.0
    for z, y in rows(logits, labels):
        log_p = log_softmax(z)[y]
        total -= (1 - math.exp(log_p)) ** gamma * log_p
    assert Focal(gamma=gamma).objective(logits, labels).item() == pytest.approx(total / B)


def test_focal_without_focus_is_cross_entropy(logits, labels):
    torch.testing.assert_close(Focal(gamma=0.0).objective(logits, labels), CrossEntropy().objective(logits, labels))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_of_a_certain_example_has_a_finite_gradient(gamma):
    z = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    loss = Focal(gamma=gamma).objective(z, torch.tensor([0]))
    loss.backward()
    assert loss.item() == 0.0 and z.grad.isfinite().all()


def slow_weights(beta):
    weights = [(1 - beta) / (1 - beta**n) for n in COUNTS]
    return [w * K / sum(weights) for w in weights]


@pytest.mark.parametrize("beta", [0.9, 0.999, 0.9999])
def test_class_balanced(beta, logits, labels):
    method = built(ClassBalanced, beta=beta)
    assert method.weights.tolist() == pytest.approx(slow_weights(beta), rel=1e-5)
    total = sum(-slow_weights(beta)[y] * log_softmax(z)[y] for z, y in rows(logits, labels))
    assert method.objective(logits, labels).item() == pytest.approx(total / B, rel=1e-5)


def test_class_balanced_runs_from_cross_entropy_to_inverse_frequency(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(built(ClassBalanced, beta=0.0).objective(logits, labels), want)
    torch.testing.assert_close(built(ClassBalanced, counts=(8,) * K).objective(logits, labels), want)
    inverse = K / torch.tensor(COUNTS) / sum(1 / n for n in COUNTS)
    torch.testing.assert_close(effective_weights(COUNTS, 0.999999), inverse, rtol=1e-3, atol=1e-6)


# LDAM


def slow_ldam(method, features, labels, weights):
    margins = [n**-0.25 for n in COUNTS]
    margins = [method.margin * m / max(margins) for m in margins]
    total, mass = 0.0, 0.0
    for x, y in rows(features, labels):
        z = []
        for w in method.head.weight.tolist():
            dot = sum(a * b for a, b in zip(x, w, strict=True))
            z.append(dot / math.sqrt(sum(a * a for a in x) * sum(b * b for b in w)))
        z[y] -= margins[y]
        total -= weights[y] * log_softmax([method.scale * v for v in z])[y]
        mass += weights[y]
    return total / mass


@pytest.mark.parametrize("progress, weighted", [(0.0, False), (0.79, False), (0.8, True), (0.99, True)])
def test_ldam_weighs_classes_late(progress, weighted, labels):
    method = built(LDAMDRW)
    method.progress = progress
    want = slow_ldam(method, FEATURES, labels, slow_weights(0.9999) if weighted else [1.0] * K)
    assert method.objective(method.logits(FEATURES), labels).item() == pytest.approx(want, rel=1e-4)


def test_ldam_margins_fall_with_the_fourth_root_of_the_count(labels):
    method = built(LDAMDRW)
    assert method.margins.argmax() == 4 and method.margins[4].item() == pytest.approx(0.5)
    assert (method.margins[0] / method.margins[4]).item() == pytest.approx((3 / 400) ** 0.25)
    weight = nn.functional.normalize(method.head.weight)
    cosines = nn.functional.normalize(FEATURES) @ weight.T
    torch.testing.assert_close(method.logits(FEATURES), 30 * cosines, atol=1e-4, rtol=1e-5)


def test_ldam_without_margins_and_weights_is_the_normalised_softmax(labels):
    method = built(LDAMDRW, margin=0.0, deferred=1.0)
    method.progress = 0.999
    z = method.logits(FEATURES)
    torch.testing.assert_close(method.objective(z, labels), nn.functional.cross_entropy(z, labels))


# Gumbel


def test_gumbel(logits, labels):
    total = 0.0
    for z, y in rows(logits, labels):
        for k, q in enumerate(z):
            p = math.exp(-math.exp(-min(max(q, -4.0), 10.0)))
            total -= math.log(p) if k == y else math.log(1 - p)
    inside = logits.clamp(-4, 10)
    assert Gumbel().objective(log_odds(inside), labels).item() == pytest.approx(total / B)


def test_gumbel_predicts_the_chance_of_each_class_given_that_it_alone_is_present():
    q = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    p = [math.exp(-math.exp(-v)) for v in q.tolist()]
    alone = {}
    for answers in itertools.product([0, 1], repeat=3):
        if sum(answers) == 1:
            alone[answers.index(1)] = math.prod(v if a else 1 - v for v, a in zip(p, answers, strict=True))
    want = [alone[k] / sum(alone.values()) for k in range(3)]
    assert log_odds(q).softmax(0).tolist() == pytest.approx(want)


def test_gumbel_says_no_with_less_force_than_yes():
    """A missed class is pulled up by exp(-q); a logistic one never by more than 1. Beyond the clamp nothing pulls."""
    q = torch.tensor([[-3.0, -6.0, 12.0, 1.0]], dtype=torch.float64, requires_grad=True)
    Gumbel().objective(log_odds(q), torch.tensor([0])).backward()
    assert q.grad[0, 0].item() == pytest.approx(-math.exp(3))
    assert q.grad[0, 1:3].tolist() == [0.0, 0.0] and q.grad[0, 3] > 0


def test_gumbel_log_odds_rise_all_the_way_and_are_finite():
    q = torch.tensor([-1e4, -100.0, -5.0, -4.0, -3.9, 0.0, 9.9, 10.0, 11.0, 100.0, 1e4])
    assert (log_odds(q).diff() > 0).all() and log_odds(q).isfinite().all()
    method = built(Gumbel)
    assert method.head.bias.tolist() == [-2.0] * K
    assert torch.equal(method.logits(FEATURES).argsort(1), method.head(FEATURES).argsort(1))


# WCDAS


@pytest.mark.parametrize("start, scale_start", [(0.0, 0.0), (1.5, 20.0)])
def test_wcdas(start, scale_start, labels):
    method = built(WCDAS, start=start, scale_start=scale_start)
    with torch.no_grad():
        method.concentration += torch.linspace(-0.5, 0.5, K)
    s = 1 + math.log(1 + math.exp(scale_start))
    total = 0.0
    for x, y in rows(FEATURES, labels):
        z = []
        for w, a in zip(method.head.weight.tolist(), method.concentration.tolist(), strict=True):
            dot = sum(p * q for p, q in zip(x, w, strict=True))
            cosine = dot / math.sqrt(sum(p * p for p in x) * sum(q * q for q in w))
            g = 1 / (1 + math.exp(-a))
            z.append(s / (2 * math.pi) * (1 - g * g) / (1 + g * g - 2 * g * cosine))
        total -= log_softmax(z)[y]
    got = method.objective(method.logits(FEATURES), labels).item()
    assert got == pytest.approx(total / B, rel=1e-4)


def test_wcdas_densities_integrate_to_one_and_flatten_out():
    method = built(WCDAS, start=0.7)
    theta = torch.linspace(-math.pi, math.pi, 2001)[:-1]
    cosines = theta.cos()[:, None].expand(-1, K)
    method.head = nn.Identity()
    density = method.logits(cosines) / (1 + math.log(2))
    torch.testing.assert_close(density.mean(0) * 2 * math.pi, torch.ones(K), atol=1e-3, rtol=0)
    with torch.no_grad():
        method.concentration.fill_(-30.0)
    assert method.logits(cosines).std(0).max() < 1e-6


# all of them


@pytest.mark.parametrize("cls", [BalancedSoftmax, LogitAdjustment, Focal, ClassBalanced, LDAMDRW, VSLoss])
@pytest.mark.parametrize("progress", [0.0, 0.9])
def test_a_new_order_of_classes_or_a_shift_of_all_logits_changes_nothing(cls, progress, logits, labels):
    order = torch.tensor([3, 1, 4, 0, 2])
    method, other = built(cls), built(cls, counts=tuple(COUNTS[k] for k in order))
    method.progress = other.progress = progress
    want = method.objective(logits, labels)
    torch.testing.assert_close(other.objective(logits[:, order], order.argsort()[labels]), want)
    if cls is not VSLoss:
        torch.testing.assert_close(method.objective(logits + 7, labels), want)


@pytest.mark.parametrize("cls", [BalancedSoftmax, LogitAdjustment, Focal, ClassBalanced, LDAMDRW, VSLoss, Gumbel])
def test_gradients(cls, logits, labels):
    method = built(cls)
    method.progress = 0.9
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


@pytest.mark.parametrize("cls", ALL)
def test_loss_goes_through_encoder_and_head(cls, labels):
    method = built(cls)
    other = copy.deepcopy(method)
    want = other.objective(other.logits(other.encoder(IMAGES)), labels)
    torch.testing.assert_close(method.backward(data(labels)), want)
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("cls", ALL)
def test_a_class_without_examples_does_no_harm(cls):
    method = built(cls, counts=(400, 90, 30, 7, 0))
    method.progress = 0.9
    loss = method.backward(data(torch.tensor([0, 1, 2, 3, 0, 0, 1, 2, 0])))
    assert loss.isfinite() and method.logits(FEATURES).isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in method.parameters())


@pytest.mark.parametrize("cls", ALL)
def test_what_evaluation_needs_is_kept(cls, labels):
    """Restored into a method built elsewhere: all of the state trains on the same way, the kept part predicts."""
    method = built(cls)
    for _ in range(2):
        method.zero_grad()
        method.backward(data(labels))
        with torch.no_grad():
            for parameter in method.parameters():
                parameter -= 0.1 * parameter.grad
    whole, partial = (built(cls, counts=(8,) * K) for _ in range(2))
    whole.load_state_dict(method.state_dict())
    torch.testing.assert_close(whole.loss(data(labels)), method.loss(data(labels)))
    state = {k: v for k, v in method.state_dict().items() if not k.startswith(method.training_only)}
    missing, unexpected = partial.load_state_dict(state, strict=False)
    assert not unexpected and all(name.startswith(method.training_only) for name in missing)
    for each in (method.eval(), partial.eval()):
        each.out = each.logits(each.encoder(IMAGES))
    torch.testing.assert_close(partial.out, method.out)


# sharpness-aware steps


def plain_gradients(method, batch):
    method = copy.deepcopy(method)
    method.zero_grad()
    loss = method.loss(batch)
    loss.backward()
    return loss, [parameter.grad for parameter in method.parameters()], method


@pytest.mark.parametrize("cls", [SAM, SAMVS, SAMLDAMDRW])
@pytest.mark.parametrize("rho", [0.05, 0.8])
def test_sharpness_aware_gradient_is_the_one_at_the_worst_point(cls, rho, labels):
    method = built(cls, rho=rho)
    method.progress = 0.9
    loss, gradients, _ = plain_gradients(method, data(labels))
    length = math.sqrt(sum(v * v for g in gradients for v in g.flatten().tolist()))
    moved = copy.deepcopy(method)
    with torch.no_grad():
        for parameter, gradient in zip(moved.parameters(), gradients, strict=True):
            parameter += rho * gradient / length
    worst, want, _ = plain_gradients(moved, data(labels))
    before = copy.deepcopy(method)
    torch.testing.assert_close(method.backward(data(labels)), loss)
    assert worst > loss
    for now, then, gradient in zip(method.parameters(), before.parameters(), want, strict=True):
        assert torch.equal(now, then)
        torch.testing.assert_close(now.grad, gradient, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("sharp, flat", [(SAM, CrossEntropy), (SAMVS, VSLoss), (SAMLDAMDRW, LDAMDRW)])
def test_radius_zero_is_the_method_itself_in_one_pass(sharp, flat, labels):
    method, other = built(sharp, rho=0.0), built(flat)
    calls = []
    method.encoder.register_forward_hook(lambda *_: calls.append(1))
    for each in (method, other):
        torch.manual_seed(5)
        each.lost = each.backward(data(labels))
        each.drawn = torch.rand(1)
    assert len(calls) == 1
    assert torch.equal(method.lost, other.lost) and torch.equal(method.drawn, other.drawn)
    for a, b in zip(method.parameters(), other.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)
    assert all(torch.equal(a, b) for a, b in zip(method.buffers(), other.buffers(), strict=True))


def test_running_statistics_are_those_of_the_first_pass(labels):
    method = built(SAMVS)
    _, _, once = plain_gradients(method, data(labels))
    method.backward(data(labels))
    assert method.encoder.norm.num_batches_tracked == 1
    for name, buffer in method.named_buffers():
        assert torch.equal(buffer, once.get_buffer(name)), name


class Quadratic(Method):
    """w' A w / 2, whose gradient is A w everywhere; `spare` is never reached, `frozen` may not be."""

    driver = "supervised"

    def build(self, context):
        self.w = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
        self.a = torch.tensor([[2.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 3.0]], dtype=torch.float64)
        self.spare = nn.Parameter(torch.ones(2))
        self.frozen = nn.Parameter(torch.ones(3, dtype=torch.float64), requires_grad=False)
        self.register_buffer("steps", torch.tensor(0.0, dtype=torch.float64))
        self.seen = []

    def loss(self, batch):
        draw = torch.randn(3, dtype=torch.float64)
        self.seen.append((draw, self.steps.item()))
        self.steps += 1
        return (self.w * self.frozen) @ self.a @ self.w / 2


class SharpQuadratic(SharpnessAware, Quadratic):
    pass


class Failing(SharpQuadratic):
    def loss(self, batch):
        if self.seen:
            raise RuntimeError("second pass")
        return super().loss(batch)


def quadratic(cls=SharpQuadratic, **settings):
    method = cls(**settings)
    method.build(CONTEXT)
    return method, Batch([], torch.zeros(1), torch.zeros(1, dtype=torch.int64))


@pytest.mark.parametrize("rho", [0.1, 2.0])
def test_quadratic_in_closed_form(rho):
    method, batch = quadratic(rho=rho)
    w, a = method.w.detach().clone(), method.a
    loss = method.backward(batch)
    assert loss.item() == pytest.approx((w @ a @ w / 2).item())
    torch.testing.assert_close(method.w.grad, a @ (w + rho * a @ w / (a @ w).norm()))
    assert torch.equal(method.w, w)
    assert method.spare.grad is None and method.frozen.grad is None


def test_both_passes_are_of_one_function():
    """The same draws and the same state for both; afterwards all is as if there had been one pass."""
    method, batch = quadratic()
    torch.manual_seed(6)
    torch.randn(3, dtype=torch.float64)
    following = torch.randn(3, dtype=torch.float64)
    torch.manual_seed(6)
    for turn in range(2):
        method.backward(batch)
        (first, count), (second, again) = method.seen[-2:]
        assert torch.equal(first, second) and count == again == turn
        assert method.steps == turn + 1
    assert torch.equal(method.seen[-1][0], following)


def test_no_gradient_means_no_move():
    method, batch = quadratic(rho=1.0)
    with torch.no_grad():
        method.w.zero_()
    method.backward(batch)
    assert torch.equal(method.w.grad, torch.zeros(3, dtype=torch.float64))


def test_weights_come_back_when_the_second_pass_fails():
    method, batch = quadratic(Failing, rho=1.0)
    w = method.w.detach().clone()
    with pytest.raises(RuntimeError, match="second pass"):
        method.backward(batch)
    assert torch.equal(method.w, w)


def test_an_ascent_of_a_members_own():
    """The seams: another radius, another direction, something else to climb."""

    class Signs(SharpQuadratic):
        def radius(self):
            return self.rho * self.progress

        def climb(self, batch):
            loss = super().climb(batch)
            self.w.grad *= torch.tensor([0.0, 1.0, 1.0])
            return loss

        def ascend(self, gradients, radius):
            return [radius * gradient.sign() for gradient in gradients]

    method, batch = quadratic(Signs, rho=1.0)
    method.progress = 0.5
    w, a = method.w.detach().clone(), method.a
    method.backward(batch)
    torch.testing.assert_close(method.w.grad, a @ (w + 0.5 * (a @ w).sign() * torch.tensor([0.0, 1.0, 1.0])))


def test_any_method_can_be_sharpness_aware():
    class Sharp(SharpnessAware, SimCLR):
        pass

    method, flat = made(Sharp, rho=0.3), made(SimCLR)
    losses = [each.backward(views_of()) for each in (method, flat)]
    torch.testing.assert_close(*losses)
    pairs = list(zip(method.parameters(), flat.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert any(not torch.allclose(a.grad, b.grad) for a, b in pairs)


def test_the_plan_reads_the_settings_of_both_sides():
    settings = {key: source.method(key).resolve({}, "test") for key in ("sam", "sam_vs", "sam_ldam_drw")}
    assert settings["sam"] == {"rho": 0.05}
    assert settings["sam_vs"] == {"gamma": 0.3, "tau": 1.0, "rho": 0.5}
    assert settings["sam_ldam_drw"] == {"margin": 0.5, "scale": 30.0, "beta": 0.9999, "deferred": 0.8, "rho": 0.8}
