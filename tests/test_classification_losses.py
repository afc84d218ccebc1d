"""Losses and weight-space methods of classifiers against slow float64 loops, closed forms and limits."""

import copy
import dataclasses
import math

import pytest
import torch
from method_kit import CONTEXT, FEATURES, batch, made, step
from torch import nn

from pipeline.modalities.images.encoders.convnet import ConvNet
from pipeline.methods.classifier.aldr_kl import ALDRKL, ROUNDS
from pipeline.methods.classifier.comp_sum import CompSum
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.ldr_kl import LDRKL
from pipeline.methods.classifier.noisy_softmax import NoisySoftmax
from pipeline.methods.classifier.norm_loss import NormLoss
from pipeline.methods.classifier.perp_grad import PerpGrad
from pipeline.methods.classifier.sparsemax_loss import SparsemaxLoss, threshold
from pipeline.methods.classifier.stable_max import StableMax
from pipeline.methods.classifier.weight_conditioning import WeightConditioning
from pipeline.ops.weights import row_lengths, weighted_layers

B, K = 9, 5
METHODS = [CompSum, ALDRKL, SparsemaxLoss, StableMax, PerpGrad, NormLoss, NoisySoftmax, WeightConditioning]


def softmax(z):
    top = max(z)
    e = [math.exp(v - top) for v in z]
    return [v / sum(e) for v in e]


def mean_over(loss, logits, labels):
    return sum(loss(z, y) for z, y in zip(logits.tolist(), labels.tolist(), strict=True)) / len(labels)


def gradient(loss, at):
    at = at.detach().clone().requires_grad_()
    loss(at).backward()
    return at.grad


# what all of them share


@pytest.mark.parametrize("cls", METHODS)
def test_training_moves_every_weight_and_survives_a_restart(cls):
    method, data = made(cls), batch(("full",))
    before = copy.deepcopy(method.state_dict())
    step(method, data)
    step(method, data)
    for name, parameter in method.named_parameters():
        # what batch normalisation subtracts again cannot move
        if name != "encoder.convolution.bias":
            assert parameter.grad.isfinite().all() and not torch.equal(parameter, before[name]), name
    other = made(cls)
    other.load_state_dict(method.state_dict())
    torch.manual_seed(7)
    want = step(method, data)
    torch.manual_seed(7)
    torch.testing.assert_close(step(other, data), want, rtol=0, atol=0)


@pytest.mark.parametrize("cls", METHODS)
def test_evaluation_is_the_same_of_a_freshly_built_method_and_has_no_noise(cls):
    method, data = made(cls), batch(("full",))
    step(method, data)
    assert not cls.training_only
    other = made(cls)
    other.load_state_dict(method.state_dict())
    method.eval()
    other.eval()
    with torch.no_grad():
        want = method.logits(method.encoder(data.views[0]))
        torch.testing.assert_close(other.logits(other.encoder(data.views[0])), want, rtol=0, atol=0)
        torch.testing.assert_close(method.logits(method.encoder(data.views[0])), want, rtol=0, atol=0)
    assert want.shape == (len(data.labels), CONTEXT.num_classes)


@pytest.mark.parametrize("method", [*(CompSum(tau=tau) for tau in (0.0, 0.5, 1.5, 2.0)), SparsemaxLoss()])
def test_a_shift_of_all_logits_or_a_new_order_of_classes_changes_nothing(method, logits, labels):
    order, want = torch.tensor([3, 1, 4, 0, 2]), method.objective(logits, labels)
    torch.testing.assert_close(method.objective(logits + 7, labels), want)
    torch.testing.assert_close(method.objective(logits[:, order], order.argsort()[labels]), want)
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


# comp-sum losses


def comp_sum(tau):
    def loss(z, y):
        u = sum(math.exp(v - z[y]) for k, v in enumerate(z) if k != y)
        return math.log(1 + u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)

    return loss


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_comp_sum(tau, logits, labels):
    got = CompSum(tau=tau).objective(logits, labels).item()
    assert got == pytest.approx(mean_over(comp_sum(tau), logits, labels))


def test_comp_sum_is_what_the_paper_names_at_its_points(logits, labels):
    def named(loss, tau):
        assert CompSum(tau=tau).objective(logits, labels).item() == pytest.approx(mean_over(loss, logits, labels))

    named(lambda z, y: sum(math.exp(v - z[y]) for v in z) - 1, 0.0)
    named(lambda z, y: -math.log(softmax(z)[y]), 1.0)
    named(lambda z, y: (1 - softmax(z)[y] ** 0.7) / 0.7, 1.7)
    named(lambda z, y: sum(abs(p - (k == y)) for k, p in enumerate(softmax(z))) / 2, 2.0)
    torch.testing.assert_close(CompSum().objective(logits, labels), CrossEntropy().objective(logits, labels))


@pytest.mark.parametrize("tau", [1 - 1e-5, 1 + 1e-5])
def test_comp_sum_is_continuous_at_cross_entropy_in_float32(tau, logits, labels):
    want = CrossEntropy().objective(logits, labels).item()
    assert CompSum(tau=tau).objective(logits.float(), labels).item() == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.5, 2.0])
def test_comp_sum_gradient_is_that_of_cross_entropy_times_a_power_of_the_probability(tau, logits, labels):
    base = gradient(lambda z: CrossEntropy().objective(z, labels), logits)
    p = logits.softmax(1).gather(1, labels[:, None])
    torch.testing.assert_close(gradient(lambda z: CompSum(tau=tau).objective(z, labels), logits), p ** (tau - 1) * base)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5])
def test_comp_sum_is_least_at_a_power_of_the_labels_distribution(tau):
    q = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)

    def expected(z):
        return sum(q[y] * CompSum(tau=tau).objective(z[None], torch.tensor([y])) for y in range(4))

    best = q.log() / (2 - tau)
    torch.testing.assert_close(gradient(expected, best), torch.zeros(4, dtype=torch.float64))
    assert expected(best) < expected(best + torch.tensor([0.1, 0.0, -0.1, 0.0]))


def test_comp_sum_of_a_hopeless_example_is_finite_from_cross_entropy_on():
    z = torch.tensor([[200.0, 0.0, 0.0]])
    for tau, want in ((1.0, 200.0), (1.5, 2.0), (2.0, 1.0)):
        assert CompSum(tau=tau).objective(z, torch.tensor([1])).item() == pytest.approx(want)


# ALDR-KL


def aldr_temperature(f, before, start, alpha):
    p = softmax([v / before for v in f])
    return start * (1 - sum(v * math.log(len(f) * v) for v in p) / (alpha * math.log(len(f))))


def aldr(f, y, temperature, start, alpha, margin):
    terms = [(v - f[y] + margin * (k != y)) / temperature for k, v in enumerate(f)]
    top = max(terms)
    first = temperature * (top + math.log(sum(math.exp(t - top) for t in terms) / len(f)))
    return first - alpha * math.log(len(f)) / (2 * start) * (temperature - start) ** 2


@pytest.mark.parametrize("settings", [{}, {"temperature": 3.0, "alpha": 1.3, "margin": 0.5}, {"normalise": False}])
def test_aldr_kl_over_two_visits(settings):
    method, data = made(ALDRKL, **settings), batch(("full",), size=6)
    data.indices = torch.tensor([4, 0, 7, 20, 21, 40])
    held = [method.temperature] * 6
    for _ in range(2):
        z = nn.functional.linear(method.encoder(data.views[0]), method.head.weight, method.head.bias).double()
        f = z.tolist()
        if method.normalise:
            soft = [[math.log1p(math.exp(v)) for v in row] for row in f]
            f = [[len(row) * v / sum(row) for v in row] for row in soft]
        held = [aldr_temperature(row, t, method.temperature, method.alpha) for row, t in zip(f, held, strict=True)]
        own = (method.temperature, method.alpha, method.margin)
        want = sum(aldr(row, y, t, *own) for row, y, t in zip(f, data.labels.tolist(), held, strict=True)) / 6
        assert method.loss(data).item() == pytest.approx(want, abs=1e-5)
        torch.testing.assert_close(method.temperatures[data.indices], torch.tensor(held), rtol=1e-5, atol=0)
    others = torch.ones(CONTEXT.train_examples, dtype=torch.bool).index_fill(0, data.indices, False)
    assert (method.temperatures[others] == method.temperature).all()
    torch.testing.assert_close(method.label_scores(), -method.temperatures)


def test_aldr_kl_temperature_is_the_best_for_its_distribution(logits):
    """max over lambda of -lambda KL(p, 1/K) - (a / 2) (lambda - lambda_0)^2."""
    method = ALDRKL(temperature=2.0, alpha=1.5)
    p = (logits / 2).softmax(1)
    divergence = (p * (K * p).log()).sum(1)

    def value(t):
        return -t * divergence - 1.5 * math.log(K) / 4 * (t - 2) ** 2

    best = method.adapted(logits, torch.full((B,), 2.0, dtype=torch.float64))
    assert (value(best) > value(best + 0.01)).all() and (value(best) > value(best - 0.01)).all()


def test_aldr_kl_temperature_lies_between_sure_and_unsure():
    method, ones = ALDRKL(temperature=4.0, alpha=2.0), torch.full((3,), 4.0)
    scores = torch.tensor([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 4000.0, 0.0]])
    unsure, between, sure = method.adapted(scores, ones).tolist()
    assert unsure == pytest.approx(4.0) and sure == pytest.approx(2.0) and 2.0 < between < 4.0


def test_aldr_kl_without_adaptation_is_ldr_kl():
    data = batch(("full",))
    settings = {"temperature": 0.7, "margin": 0.3, "normalise": True}
    fixed, adaptive = made(LDRKL, **settings), made(ALDRKL, alpha=1e7, **settings)
    torch.testing.assert_close(adaptive.loss(data), fixed.loss(data))
    features = fixed.encoder(data.views[0])
    torch.testing.assert_close(adaptive.logits(features), fixed.logits(features))


def test_aldr_kl_temperature_takes_no_gradient(logits, labels):
    method = ALDRKL(margin=0.2, alpha=1.5)
    held = method.adapted(logits, torch.ones(B, dtype=torch.float64))
    got = gradient(lambda f: method.adaptive(f, labels, held), logits)
    one_hot = nn.functional.one_hot(labels, K)
    p = ((logits + 0.2 * (1 - one_hot)) / held[:, None]).softmax(1)
    torch.testing.assert_close(got, (p - one_hot) / B)


def test_aldr_kl_judges_a_new_example_as_one_visited_in_training():
    method = made(ALDRKL, alpha=1.2)
    data = batch(("full",))
    with torch.no_grad():
        for _ in range(ROUNDS):
            method.loss(data)
        features = method.encoder(data.views[0])
        want = method.scores(features) / method.temperatures[data.indices, None]
        torch.testing.assert_close(method.logits(features), want)


# sparsemax


def projection(z):
    """The nearest point of the simplex, its threshold found by bisection."""
    low, high = min(z) - 1, max(z)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(v - middle, 0) for v in z) > 1 else (low, middle)
    return [max(v - low, 0.0) for v in z], low


def sparsemax(z):
    tau, support = threshold(z)
    return (z - tau).clamp_min(0) * support


def test_sparsemax_is_the_projection_onto_the_simplex(logits):
    for z in (logits, 0.1 * logits, logits.round(), torch.zeros(2, K, dtype=torch.float64)):
        got = sparsemax(z)
        torch.testing.assert_close(got, torch.tensor([projection(row)[0] for row in z.tolist()], dtype=torch.float64))
        torch.testing.assert_close(got.sum(1), torch.ones(len(z), dtype=torch.float64))


def test_sparsemax_jacobian(logits):
    for z in 0.3 * logits:
        s = (sparsemax(z[None])[0] > 0).double()
        got = torch.autograd.functional.jacobian(lambda v: sparsemax(v[None])[0], z)
        torch.testing.assert_close(got, s.diag() - torch.outer(s, s) / s.sum())


def sparsemax_loss(z, y):
    _, tau = projection(z)
    return -z[y] + 0.5 * sum(v * v - tau * tau for v in z if v > tau) + 0.5


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_sparsemax_loss_and_its_gradient(scale, logits, labels):
    z, method = scale * logits, SparsemaxLoss()
    assert method.objective(z, labels).item() == pytest.approx(mean_over(sparsemax_loss, z, labels))
    want = (sparsemax(z) - nn.functional.one_hot(labels, K)) / B
    torch.testing.assert_close(gradient(lambda v: method.objective(v, labels), z), want)


def test_sparsemax_loss_of_two_classes_is_hubers():
    for t in torch.linspace(-3, 3, 61, dtype=torch.float64).tolist():
        got = SparsemaxLoss().objective(torch.tensor([[0.4 + t, 0.4]], dtype=torch.float64), torch.tensor([0])).item()
        assert got == pytest.approx(0 if t >= 1 else -t if t <= -1 else (t - 1) ** 2 / 4, abs=1e-12)


def test_sparsemax_loss_is_zero_from_a_lead_of_one_on_and_not_before():
    z = torch.tensor([[1.0, 0.0, 0.0, 0.0], [3.0, 0.5, 2.0, 1.0], [0.9, 0.0, 0.0, 0.0]], dtype=torch.float64)
    losses = [SparsemaxLoss().objective(row[None], torch.tensor([0])).item() for row in z]
    assert losses[:2] == pytest.approx([0, 0]) and losses[2] > 1e-4


def test_sparsemax_loss_of_nan_is_nan():
    assert SparsemaxLoss().objective(torch.full((2, 3), math.nan), torch.tensor([0, 1])).isnan()


# StableMax


class Scores(nn.Identity):
    """A head that returns its input, so that features are scores."""


def stable(x):
    s = [v + 1 if v >= 0 else 1 / (1 - v) for v in x]
    return [v / sum(s) for v in s]


def test_stable_max_is_the_softmax_of_its_logits(logits, labels):
    method = StableMax()
    method.head = Scores()
    want = torch.tensor([stable(row) for row in logits.tolist()], dtype=torch.float64)
    torch.testing.assert_close(method.logits(logits).softmax(1), want)
    got = method.objective(method.logits(logits), labels).item()
    assert got == pytest.approx(mean_over(lambda x, y: -math.log(stable(x)[y]), logits, labels))
    assert torch.autograd.gradcheck(method.logits, logits.requires_grad_())


def test_stable_max_is_smooth_at_zero():
    method = StableMax()
    method.head = Scores()
    assert gradient(lambda x: method.logits(x).sum(), torch.tensor([[0.0, 1e-6, -1e-6]])).tolist() == [
        pytest.approx([1.0, 1.0, 1.0], rel=1e-5)
    ]


def test_stable_max_still_learns_where_softmax_has_collapsed():
    x, y = torch.tensor([[300.0, 0.0, -50.0]]), torch.tensor([0])
    method = StableMax()
    method.head = Scores()
    assert not gradient(lambda v: CrossEntropy().objective(v, y), x).any()
    assert (gradient(lambda v: method.objective(method.logits(v), y), x).abs() > 0).all()


# perpGrad


@pytest.mark.parametrize("rescale", [False, True])
def test_perp_grad(rescale):
    method = made(PerpGrad, rescale=rescale).to(memory_format=torch.channels_last)
    method.head.bias.data.zero_()
    method.loss(batch(("full",))).backward()
    raw = {name: p.grad.clone() for name, p in method.named_parameters()}
    method.after_backward(0)
    for name, p in method.named_parameters():
        w, g = p.detach().flatten().double().tolist(), raw[name].flatten().double().tolist()
        inner, length = sum(a * b for a, b in zip(w, g, strict=True)), sum(a * a for a in w)
        want = [b - inner / length * a if length else b for a, b in zip(w, g, strict=True)]
        if rescale:
            factor = math.sqrt(sum(b * b for b in g) / sum(v * v for v in want))
            want = [factor * v for v in want]
        torch.testing.assert_close(p.grad.flatten(), torch.tensor(want), rtol=1e-4, atol=1e-6)
        assert abs((p * p.grad).sum().item()) < 1e-4 * (p.norm() * raw[name].norm()).item() + 1e-9
    torch.testing.assert_close(method.head.bias.grad, raw["head.bias"], rtol=1e-5, atol=0)


def test_perp_grad_leaves_a_kernel_before_batch_normalisation_alone_and_skips_what_has_no_gradient():
    method = made(PerpGrad)
    method.encoder.norm.bias.requires_grad_(False)
    method.loss(batch(("full",))).backward()
    kernel, head = method.encoder.convolution.weight.grad.clone(), method.head.weight.grad.clone()
    method.after_backward(0)
    torch.testing.assert_close(method.encoder.convolution.weight.grad, kernel, rtol=1e-3, atol=1e-5)
    assert (method.head.weight.grad - head).norm() > 1e-3
    assert method.encoder.norm.bias.grad is None


def test_perp_grad_of_a_gradient_along_the_weights_is_nothing():
    method = made(PerpGrad)
    method.head.weight.grad = 3 * method.head.weight.detach().clone()
    method.after_backward(0)
    assert method.head.weight.grad.abs().max() < 1e-6


# norm loss


def test_norm_loss_and_its_gradient():
    method, data = made(NormLoss, strength=0.3), batch(("full",))
    plain = CrossEntropy()
    plain.encoder, plain.head = copy.deepcopy(method.encoder), copy.deepcopy(method.head)
    total = 0.0
    for weight in (method.encoder.convolution.weight, method.head.weight):
        for row in weight.detach().flatten(1).double().tolist():
            total += (1 - math.sqrt(sum(v * v for v in row))) ** 2
    loss, without = method.loss(data), plain.loss(data)
    assert loss.item() == pytest.approx(without.item() + 0.3 * total, rel=1e-5)
    loss.backward()
    without.backward()
    pairs = zip(method.named_parameters(), plain.parameters(), strict=True)
    for (name, p), q in pairs:
        pull = torch.zeros_like(p)
        if p.ndim > 1:
            lengths = p.detach().flatten(1).norm(dim=1).view(-1, *[1] * (p.ndim - 1))
            pull = -2 * 0.3 * (1 / lengths - 1) * p.detach()
        torch.testing.assert_close(p.grad, q.grad + pull, msg=name, rtol=1e-4, atol=1e-6)


def test_norm_loss_at_zero_weights_has_no_pull_and_without_strength_is_cross_entropy():
    method, data = made(NormLoss), batch(("full",))
    method.head.weight.data[0] = 0
    loss = method.loss(data)
    loss.backward()
    assert all(p.grad.isfinite().all() for p in method.parameters())
    method.strength = 0.0
    want = CrossEntropy().objective(method.logits(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), want)
    assert loss > want


def test_weighted_layers_are_kernels_and_matrices_of_encoder_and_head():
    method = made(CrossEntropy)
    method.encoder = ConvNet(1)
    shapes = [tuple(layer.weight.shape) for layer in weighted_layers(method)]
    kernels = [(8, 1, 3, 3), (32, 8, 3, 3), (64, 32, 3, 3), (64, 64, 3, 3)]
    assert sorted(shapes) == sorted([*kernels, (CONTEXT.num_classes, FEATURES)])


# noisy softmax


def noisy(method, data, xi):
    """The mean loss by the angle itself, in float64."""
    x, weight, bias = method.encoder(data.views[0]).double(), method.head.weight.double(), method.head.bias.double()
    total = 0.0
    for row, y, draw in zip(x, data.labels.tolist(), xi.tolist(), strict=True):
        z = [weight[k] @ row + bias[k] for k in range(len(weight))]
        cosine = weight[y] @ row / (weight[y].norm() * row.norm())
        z[y] = z[y] - method.alpha * weight[y].norm() * row.norm() * (1 - cosine) * abs(draw)
        total = total - z[y] + torch.stack(z).logsumexp(0)
    return total / len(x)


def test_noisy_softmax_and_its_gradient():
    method, data = made(NoisySoftmax, alpha=0.8), batch(("full",))
    torch.manual_seed(5)
    xi = torch.randn(len(data.labels))
    torch.manual_seed(5)
    got, want = method.loss(data), noisy(method, data, xi)
    assert got.item() == pytest.approx(want.item(), rel=1e-5)
    parameters = list(method.parameters())
    grads = zip(torch.autograd.grad(got, parameters), torch.autograd.grad(want, parameters), strict=True)
    for a, b in grads:
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_noisy_softmax_only_ever_adds_to_the_loss_and_anneals_with_the_angle():
    method, data = made(NoisySoftmax, alpha=1.0), batch(("full",))
    plain = method.objective(method.logits(method.encoder(data.views[0])), data.labels)
    losses = [method.loss(data) for _ in range(5)]
    assert all(loss > plain for loss in losses) and len({loss.item() for loss in losses}) == 5
    method.alpha = 0.0
    torch.testing.assert_close(method.loss(data), plain)
    method.alpha = 1.0
    # features that lie along their class's weight: nothing left to add
    method.encoder = nn.Flatten()
    data.views = [2 * method.head.weight.detach()[data.labels]]
    plain = method.objective(method.logits(data.views[0]), data.labels)
    torch.testing.assert_close(method.loss(data), plain)


def test_noisy_softmax_of_zero_features_has_a_finite_gradient():
    method, data = made(NoisySoftmax), batch(("full",))
    method.encoder = nn.Flatten()
    data.views = [torch.zeros(len(data.labels), FEATURES, requires_grad=True)]
    method.loss(data).backward()
    assert data.views[0].grad.isfinite().all() and method.head.weight.grad.isfinite().all()


# weight conditioning


def test_weight_conditioning_makes_rows_of_length_one_in_encoder_and_head():
    method, data = made(WeightConditioning), batch(("full",))
    step(method, data)
    originals = dict(method.named_parameters())
    for layer, name in ((method.encoder.convolution, "encoder.convolution"), (method.head, "head")):
        raw = originals[f"{name}.parametrizations.weight.original"].detach().double()
        want = raw.clone()
        for i, row in enumerate(raw.flatten(1).tolist()):
            want[i] = raw[i] / math.sqrt(sum(v * v for v in row))
        torch.testing.assert_close(layer.weight.detach().double(), want, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(row_lengths(layer.weight), torch.ones(len(raw)))
        assert not torch.allclose(row_lengths(raw), torch.ones(len(raw), dtype=torch.float64))


def test_weight_conditioning_lowers_the_condition_number_of_badly_scaled_rows():
    method = made(WeightConditioning)
    scaled = torch.randn(3, FEATURES) * torch.tensor([[100.0], [1.0], [0.01]])
    method.head.parametrizations.weight.original.data.copy_(scaled)
    assert torch.linalg.cond(method.head.weight) < 10 < 1000 < torch.linalg.cond(scaled)


def test_weight_conditioning_trains_the_rows_directions():
    method = made(WeightConditioning)
    method.loss(batch(("full",))).backward()
    raw = method.head.parametrizations.weight.original
    assert raw.grad.norm() > 1e-3
    torch.testing.assert_close((raw * raw.grad).sum(1), torch.zeros(len(raw)), atol=1e-6, rtol=0)


def test_weight_conditioning_changes_nothing_before_batch_normalisation():
    torch.manual_seed(2)
    images = torch.randn(16, 1, 14, 14)
    method = WeightConditioning()
    method.encoder = ConvNet(1).train()
    plain = copy.deepcopy(method.encoder)
    method.build(CONTEXT)
    torch.testing.assert_close(method.encoder(images), plain(images), rtol=1e-2, atol=1e-3)


def test_weight_conditioning_computes_a_weight_once_a_step_and_anew_after_it():
    method, data = WeightConditioning(), batch(("full",))
    method.encoder = ConvNet(1).train()
    method.build(dataclasses.replace(CONTEXT, feature_dim=64))
    data.views = [torch.randn(len(data.labels), 1, 16, 16)]  # the last layer works on 2x2 and reads its weight often
    layer, calls = weighted_layers(method.encoder)[-1], []
    layer.parametrizations.weight[0].register_forward_hook(lambda *_: calls.append(1))
    before = method.loss(data)
    assert len(calls) == 1
    step(method, data)
    assert not torch.equal(method.loss(data), before)
    torch.testing.assert_close(copy.deepcopy(method).loss(data), method.loss(data))
