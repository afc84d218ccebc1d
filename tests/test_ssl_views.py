"""Objectives on views, contrastive in one way or another, against slow float64 loops, their limits and their memory."""

import itertools
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding import hard_contrastive
from pipeline.methods.joint_embedding.cacr import CACR
from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.groco import GroCo
from pipeline.methods.joint_embedding.hard_contrastive import HardContrastive
from pipeline.methods.joint_embedding.isogclr import ISogCLR
from pipeline.methods.joint_embedding.mv_dhel import MVDHEL
from pipeline.methods.joint_embedding.mv_infonce import MVInfoNCE
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.snt_xent_aam import SNTXentAAM
from pipeline.methods.joint_embedding.snt_xent_am import SNTXentAM
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.ops.margins import widened
from pipeline.ops.similarity import positives_and_negatives
from pipeline.ops.sorting import soft_sort
from tests.method_kit import CONTEXT, SIZE, batch, dot, loop_nt_xent, made, pair, step, unit

EVERY = [CACR, HardContrastive, MVInfoNCE, MVDHEL, SNTXentAM, SNTXentAAM, ISogCLR, GroCo]
SEVERAL = [CACR, MVInfoNCE, MVDHEL, GroCo]


def several(count, size=5, dim=4, seed=3):
    torch.manual_seed(seed)
    return [torch.randn(size, dim) for _ in range(count)]


def units(z):
    return [[unit(row) for row in view.double().tolist()] for view in z]


def anchors(z):
    """(anchor, its positive, its negatives) of the 2B unit embeddings of two views."""
    views = units(z)
    for view, i in itertools.product((0, 1), range(len(z[0]))):
        others = [row for other in (0, 1) for j, row in enumerate(views[other]) if j != i]
        yield views[view][i], views[1 - view][i], others


# Margins


@pytest.mark.parametrize(
    ("cls", "moved"), [(SNTXentAM, lambda c: c - 0.3), (SNTXentAAM, lambda c: math.cos(math.acos(c) + 0.3))]
)
def test_margins_equal_the_slow_loops(cls, moved):
    z, total = pair(), 0.0
    for anchor, positive, negatives in anchors(z):
        cosine = dot(anchor, positive)
        if cls is SNTXentAAM and math.acos(cosine) + 0.3 > math.pi:
            target = cosine - 0.3 * math.sin(0.3)
        else:
            target = moved(cosine)
        rest = sum(math.exp(dot(anchor, other) / 0.2) for other in negatives)
        total -= math.log(math.exp(target / 0.2) / (math.exp(target / 0.2) + rest)) / 14
    assert float(cls(margin=0.3, temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("cls", [SNTXentAM, SNTXentAAM])
def test_without_a_margin_they_are_nt_xent_and_a_margin_costs(cls):
    z = pair()
    nt_xent = loop_nt_xent(*z, 0.1)
    losses = [float(cls(margin=margin, temperature=0.1).objective(*z)) for margin in (0.0, 0.2, 0.4)]
    assert losses[0] == pytest.approx(nt_xent, rel=1e-5)
    assert losses[0] < losses[1] < losses[2]


def test_the_angular_margin_is_arcfaces_and_falls_with_the_angle():
    cosines = torch.linspace(-1, 1, 401)
    torch.testing.assert_close(widened(cosines, 0.4), ArcFace(margin=0.4).target(cosines))
    assert (widened(cosines, 0.4).diff() > 0).all()
    edge = torch.tensor([1.0, -1.0], requires_grad=True)
    widened(edge, 0.4).sum().backward()
    assert edge.grad.isfinite().all()


# Hard negatives


@pytest.mark.parametrize("simple", [False, True])
def test_hard_contrastive_equals_the_slow_loops(simple):
    z, total = pair(), 0.0
    for anchor, positive, negatives in anchors(z):
        hard = sorted((dot(anchor, other) for other in negatives), reverse=True)[:3]
        p = dot(anchor, positive)
        if simple:
            total += (sum(hard) / 3 - p) / 14
        else:
            total -= math.log(math.exp(p / 0.3) / (math.exp(p / 0.3) + sum(math.exp(s / 0.3) for s in hard))) / 14
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


@pytest.mark.parametrize("cls", [HardContrastive, GroCo])
def test_embeddings_compared_with_the_nearest_negatives_alone_begin_apart(cls):
    # all embeddings in one point are what both losses tend to from there
    method = made(cls)
    z = torch.cat(method.embed(batch().views))
    torch.testing.assert_close(z.mean(0), torch.zeros(6), atol=1e-5, rtol=0)


# Several views


@pytest.mark.parametrize("count", [2, 3, 4])
def test_mv_infonce_equals_the_slow_loops(count):
    z = several(count)
    u, total = units(z), 0.0
    for i in range(5):
        above = below = 0.0
        for view, m, j in itertools.product(range(count), range(count), range(5)):
            similarity = math.exp(dot(u[view][i], u[m][j]) / 0.2)
            above += similarity if j == i and m != view else 0
            below += similarity if (j, m) != (i, view) else 0
        total -= math.log(above / below) / 5
    assert float(MVInfoNCE(temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_mv_infonce_of_two_views_pools_the_denominators_of_nt_xent():
    z = pair()
    u = units(z)
    gap = 0.0
    for i in range(7):
        both = []
        for view in (0, 1):
            candidates = [(v, j) for v in (0, 1) for j in range(7) if (v, j) != (view, i)]
            both.append(sum(math.exp(dot(u[view][i], u[v][j]) / 0.1) for v, j in candidates))
        gap += (math.log(sum(both) / 2) - (math.log(both[0]) + math.log(both[1])) / 2) / 7
    assert gap > 1e-3
    assert float(MVInfoNCE().objective(*z)) == pytest.approx(loop_nt_xent(*z, 0.1) + gap, rel=1e-5)
    # views whose denominators agree
    turn = torch.linalg.qr(torch.randn(5, 5)).Q
    twins = (z[0], z[0])
    assert float(MVInfoNCE().objective(*twins)) == pytest.approx(loop_nt_xent(*twins, 0.1), rel=1e-5)
    turned = float(MVInfoNCE().objective(*(view @ turn for view in z)))
    assert turned == pytest.approx(float(MVInfoNCE().objective(*z)), rel=1e-4)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_mv_dhel_equals_the_slow_loops(count):
    z = several(count)
    u, total = units(z), 0.0
    for i in range(5):
        above = sum(math.exp(dot(u[a][i], u[b][i]) / 0.2) for a, b in itertools.combinations(range(count), 2))
        below = 1.0
        for view in u:
            below *= sum(math.exp(dot(view[i], view[j]) / 0.2) for j in range(5) if j != i)
        total -= math.log(above / below) / 5
    assert float(MVDHEL(temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_mv_dhel_of_indistinguishable_embeddings_and_its_decoupled_views():
    one = torch.ones(6, 4)
    expected = -math.log(6) - 10 + 4 * (math.log(5) + 10)
    assert float(MVDHEL().objective(one, one, one, one)) == pytest.approx(expected, rel=1e-5)
    # uniformity is within a view: turning a view moves the attraction alone
    z1, z2 = pair()
    turn = torch.linalg.qr(torch.randn(5, 5)).Q
    alike = [torch.nn.functional.cosine_similarity(z1, other).mean() / 0.1 for other in (z2, z2 @ turn)]
    losses = [float(MVDHEL().objective(z1, other)) for other in (z2, z2 @ turn)]
    assert losses[1] - losses[0] == pytest.approx(float(alike[0] - alike[1]), rel=1e-4)


def loop_cacr(z, plus, minus):
    u = units(z)
    count, size = len(u), len(u[0])

    def squared(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def weighted(distances, sharpness):
        weights = [math.exp(sharpness * d) for d in distances]
        return sum(w * d for w, d in zip(weights, distances, strict=True)) / sum(weights)

    attraction = repulsion = 0.0
    for x, i in itertools.product(range(count), range(size)):
        positives = [squared(u[x][i], u[k][i]) for k in range(count) if k != x]
        attraction += weighted(positives, plus) / (count * size)
    pairs = list(itertools.combinations(range(count), 2))
    for (x, y), i in itertools.product(pairs, range(size)):
        negatives = [squared(u[x][i], u[y][j]) for j in range(size) if j != i]
        repulsion += weighted(negatives, -minus) / (len(pairs) * size)
    return attraction - repulsion


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(("plus", "minus"), [(1.0, 2.0), (0.0, 0.0), (0.5, 0.9)])
def test_cacr_equals_the_slow_loops(count, plus, minus):
    z = several(count)
    found = CACR(positive_sharpness=plus, negative_sharpness=minus).objective(*z)
    assert float(found) == pytest.approx(loop_cacr(z, plus, minus), rel=1e-4, abs=1e-5)


def test_cacr_of_equal_weights_is_the_mean_distance_of_positives_less_that_of_negatives():
    z = several(3)
    u = torch.stack([nn.functional.normalize(view) for view in z])
    apart = (u[:, None, :, None] - u[None, :, None]).square().sum(-1)
    between, other = ~torch.eye(3, dtype=torch.bool), ~torch.eye(5, dtype=torch.bool)
    expected = apart[between][:, ~other].mean() - apart[between][:, other].mean()
    found = CACR(positive_sharpness=0.0, negative_sharpness=0.0).objective(*z)
    torch.testing.assert_close(found, expected)


def test_cacr_pulls_the_far_positive_and_pushes_the_near_negative_more_as_it_sharpens():
    z = several(4)
    losses = [float(CACR(positive_sharpness=t, negative_sharpness=t).objective(*z)) for t in (0.0, 1.0, 30.0)]
    assert losses[0] < losses[1] < losses[2]
    # with two views the one positive weighs 1, however sharp
    two = [float(CACR(positive_sharpness=t).objective(*z[:2])) for t in (0.0, 9.0)]
    assert two[0] == pytest.approx(two[1], abs=1e-6)


@pytest.mark.parametrize("cls", SEVERAL)
def test_every_setting_of_views_makes_as_many_and_trains_on_them(cls):
    assert cls().views == ("full", "full")
    method = made(cls, num_views=3)
    assert method.views == ("full",) * 3
    data = batch(method.views)
    before = method.encoder.convolution.weight.clone()
    assert step(method, data).isfinite()
    assert not torch.equal(before, method.encoder.convolution.weight)


@pytest.mark.parametrize("cls", SEVERAL)
def test_every_view_counts(cls):
    z = several(4)
    loss = float(cls().objective(*z))
    for view in range(4):
        other = [-u if i == view else u for i, u in enumerate(z)]
        assert abs(float(cls().objective(*other)) - loss) > 1e-3


@pytest.mark.parametrize("cls", EVERY)
def test_a_common_order_of_the_images_is_irrelevant_and_so_is_their_scale(cls):
    torch.manual_seed(2)
    order = torch.randperm(SIZE)
    method, data = made(cls, batch_norm=False), batch()
    method.encoder.eval()
    with torch.no_grad():
        before = float(method.loss(data))
        data.views, data.indices = [view[order] for view in data.views], data.indices[order]
        assert float(method.loss(data)) == pytest.approx(before, rel=1e-5, abs=1e-6)
        method.projector[-1].weight *= 3
        method.projector[-1].bias *= 3
        assert float(method.loss(data)) == pytest.approx(before, rel=1e-5, abs=1e-6)


# Learned temperatures


def negatives_of(method, data):
    """float64: per anchor its positive and the cosines of its negatives, as the embeddings have them."""
    with torch.no_grad():
        return [(dot(a, p), [dot(a, n) for n in others]) for a, p, others in anchors(method.embed(data.views))]


def test_isogclr_equals_the_slow_loops_over_two_visits():
    method, data = made(ISogCLR, batch_norm=False, gamma=0.6, temperature_rate=0.05, temperature_momentum=0.7), batch()
    average, momentum, tau = [0.0] * SIZE, [0.0] * SIZE, [0.1] * SIZE
    for visit in range(3):
        loss, seen, slopes = 0.0, [0.0] * SIZE, [0.0] * SIZE
        for anchor, (positive, others) in enumerate(negatives_of(method, data)):
            i = anchor % SIZE
            scaled = [math.exp(s / tau[i]) for s in others]
            now = sum(scaled) / len(scaled)
            estimate = now if visit == 0 else 0.4 * average[i] + 0.6 * now
            weighted = sum(w * s for w, s in zip(scaled, others, strict=True)) / len(scaled) / estimate
            loss += (weighted - positive) / (2 * SIZE)
            seen[i] += estimate / 2
            slopes[i] += (math.log(estimate) + 0.4 - weighted / tau[i]) / 2
        average = seen
        momentum = [0.3 * m + 0.7 * max(-3, min(3, s)) for m, s in zip(momentum, slopes, strict=True)]
        tau = [max(0.05, min(1.0, t - 0.05 * m)) for t, m in zip(tau, momentum, strict=True)]
        assert float(step(method, data, learning_rate=0.01).detach()) == pytest.approx(loss, rel=1e-4)
        torch.testing.assert_close(method.averages[:SIZE], torch.tensor(average), rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(method.temperatures[:SIZE], torch.tensor(tau), rtol=1e-3, atol=1e-6)
    assert (method.temperatures[SIZE:] == 0.1).all()
    assert (method.averages[SIZE:] == 0).all()
    assert len(set(method.temperatures[:SIZE].tolist())) == SIZE, "each image has its own"


def test_isogclr_of_a_fixed_temperature_and_no_memory_has_the_gradient_of_dcl():
    method, data = made(ISogCLR, gamma=1.0, temperature_rate=0.0, temperature=0.2), batch()
    for _ in range(2):
        found = torch.autograd.grad(method.loss(data), list(method.projector.parameters()))
        with torch.no_grad():
            method.after_step()
    assert (method.temperatures == 0.2).all()
    loss = 0.2 * DCL(temperature=0.2).objective(*method.embed(data.views))
    expected = torch.autograd.grad(loss, list(method.projector.parameters()))
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-3)


def test_isogclr_descends_the_robust_loss_in_the_temperature():
    method, data = made(ISogCLR, batch_norm=False, temperature_rate=1e-3, temperature_momentum=1.0), batch()
    pairs = negatives_of(method, data)
    tau = torch.full((SIZE,), 0.1, dtype=torch.float64, requires_grad=True)
    loss = torch.zeros((), dtype=torch.float64)
    for anchor, (positive, others) in enumerate(pairs):
        t = tau[anchor % SIZE]
        apart = torch.tensor(others, dtype=torch.float64) - positive
        loss = loss + t * ((apart / t).exp().mean().log() + 0.4) / 2
    (slope,) = torch.autograd.grad(loss, tau)
    step(method, data)
    moved = (0.1 - method.temperatures[:SIZE].double()) / 1e-3
    torch.testing.assert_close(moved, slope, atol=1e-3, rtol=1e-3)


def test_isogclr_of_few_lookalikes_goes_to_a_lower_temperature():
    # the slope is rho less the divergence of the weights from uniform ones: many near negatives, much divergence
    method = made(ISogCLR, temperature_momentum=1.0)
    data = batch()
    method.embed = lambda views: [z, z + 0.01 * torch.randn(SIZE, 6)]
    torch.manual_seed(0)
    z = torch.eye(6).repeat(2, 1) + 0.01 * torch.randn(SIZE, 6)
    z[0] = -torch.ones(6)
    with torch.no_grad():
        method.loss(data)
        method.after_step()
    alone, crowd = float(method.temperatures[0]), method.temperatures[1:SIZE]
    assert alone < float(crowd[crowd != crowd[5]].min())


# Sorting


@pytest.mark.parametrize("size", [2, 3, 6, 7])
def test_the_sorting_network_equals_the_slow_loops_and_is_doubly_stochastic(size):
    torch.manual_seed(5)
    values = torch.randn(4, size, dtype=torch.float64)
    found, matrices = soft_sort(values, 2.0)
    for b in range(4):
        x = values[b].tolist()
        product = torch.eye(size, dtype=torch.float64)
        for layer in range(size):
            exchange = torch.eye(size, dtype=torch.float64)
            for i in range(layer % 2, size - 1, 2):
                alpha = math.atan(2.0 * (x[i + 1] - x[i])) / math.pi + 0.5
                exchange[i, i] = exchange[i + 1, i + 1] = alpha
                exchange[i, i + 1] = exchange[i + 1, i] = 1 - alpha
            x = (torch.tensor(x, dtype=torch.float64) @ exchange).tolist()
            product = product @ exchange
        torch.testing.assert_close(matrices[b], product)
        torch.testing.assert_close(found[b], torch.tensor(x, dtype=torch.float64))
    torch.testing.assert_close(matrices.sum(1), torch.ones(4, size, dtype=torch.float64))
    torch.testing.assert_close(matrices.sum(2), torch.ones(4, size, dtype=torch.float64))
    assert (matrices >= 0).all()
    torch.testing.assert_close((values[:, None] @ matrices)[:, 0], found)


def test_a_steep_sorting_network_sorts():
    torch.manual_seed(5)
    values = torch.randn(30, 9, dtype=torch.float64)
    found, matrices = soft_sort(values, 1e9)
    expected = values.sort(1)
    torch.testing.assert_close(found, expected.values, atol=1e-5, rtol=1e-5)
    assert torch.equal(matrices.argmax(1), expected.indices)


@pytest.mark.parametrize("count", [2, 3])
def test_groco_equals_the_slow_loops(count):
    z = several(count, size=6)
    u, total = units(z), 0.0
    for x, i in itertools.product(range(count), range(6)):
        negatives = sorted(dot(u[x][i], u[x][j]) for j in range(6) if j != i)[-3:]
        positives = sorted(dot(u[x][i], u[k][i]) for k in range(count) if k != x)
        _, matrix = soft_sort(torch.tensor([negatives + positives], dtype=torch.float64), 1.5)
        for place, row in enumerate(matrix[0].tolist()):
            total -= math.log(sum(row[3:]) if place >= 3 else sum(row[:3])) / (count * 6 * (count + 2))
    found = GroCo(num_views=count, nearest=3, steepness=1.5).objective(*z)
    assert float(found) == pytest.approx(total, rel=1e-4)


def test_grocos_two_blocks_have_one_cross_entropy_and_order_lowers_it():
    z = several(2, size=6)
    _, matrix = soft_sort(torch.rand(5, 7), 1.0)
    torch.testing.assert_close(matrix[:, :, 4:].sum(2), 1 - matrix[:, :, :4].sum(2))
    together = float(GroCo(nearest=4).objective(z[0], z[0]))
    assert together < float(GroCo(nearest=4).objective(*z)) < float(GroCo(nearest=4).objective(z[0], -z[0]))
    steep = GroCo(nearest=4, steepness=1e6).objective(z[0], z[0])
    assert 0 <= float(steep) < 1e-4


def test_groco_reaches_anchors_only_through_the_nearest_negatives():
    # the other side of every pair is constant: with one image moved, only its own anchors have a gradient
    z = [view.requires_grad_() for view in several(2, size=6)]
    method = GroCo(nearest=2)
    u = [nn.functional.normalize(view) for view in z]
    (found,) = torch.autograd.grad(method.objective(*z), z[0], retain_graph=True)
    anchor = torch.cat(
        [
            (u[0] @ u[0].detach().T).masked_fill(torch.eye(6, dtype=torch.bool), -9).sort(1).values[:, -2:],
            (u[0] * u[1].detach()).sum(1, keepdim=True),
        ],
        1,
    )
    _, matrix = soft_sort(anchor, 1.0)
    mass = matrix[:, :, 2]
    loss = -torch.cat([1 - mass[:, :2], mass[:, 2:]], 1).log().mean() / 2
    (expected,) = torch.autograd.grad(loss, z[0])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


# What all share


@pytest.mark.parametrize("cls", EVERY)
def test_a_method_restored_from_its_state_trains_on_to_the_same_numbers(cls):
    method, other = made(cls), made(cls)
    for seed in (1, 2, 3):
        step(method, batch(method.views, seed=seed))
    assert any(
        not torch.equal(a, b) for a, b in zip(method.state_dict().values(), other.state_dict().values(), strict=True)
    )
    other.load_state_dict(method.state_dict())
    losses = [[float(step(m, batch(m.views, seed=seed)).detach()) for seed in (4, 5)] for m in (method, other)]
    assert losses[0] == losses[1]
    assert losses[0][0] != losses[0][1]


@pytest.mark.parametrize("cls", EVERY)
def test_what_evaluation_needs_is_the_encoder_alone(cls):
    kept = [name for name in made(cls).state_dict() if not name.startswith(cls.training_only)]
    assert kept and all(name.startswith("encoder.") for name in kept)


@pytest.mark.parametrize("cls", EVERY)
def test_two_images_views_without_difference_and_half_precision_are_no_trouble(cls):
    method = made(cls, batch_norm=False)
    for data in (batch(size=2), batch()):
        data.views = [torch.ones_like(view) if len(view) > 2 else view for view in data.views]
        loss = step(method, data)
        assert loss.isfinite()
        assert all(p.grad.isfinite().all() for p in method.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = method.loss(batch())
    half.backward()
    with torch.no_grad():
        method.after_step()
    assert half.isfinite()


# GroCo and iSogCLR hold parts of their losses constant
@pytest.mark.parametrize("cls", [cls for cls in EVERY if cls not in (GroCo, ISogCLR)])
def test_gradient_equals_finite_differences_through_the_embeddings(cls):
    z1, z2 = (z.requires_grad_() for z in pair(4, 3))
    method = cls(temperature=0.5) if hasattr(cls, "temperature") else cls()
    (gradient,) = torch.autograd.grad(method.objective(z1, z2), z1)
    nudge = torch.zeros_like(z1)
    nudge[1, 2] = 1e-2
    slope = (method.objective(z1 + nudge, z2).item() - method.objective(z1 - nudge, z2).item()) / 2e-2
    assert float(gradient[1, 2]) == pytest.approx(slope, rel=3e-2, abs=3e-4)


def test_isogclr_has_room_for_every_training_image():
    assert made(ISogCLR).temperatures.shape == (CONTEXT.train_examples,)
