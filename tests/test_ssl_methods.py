"""Each self-supervised loss against slow float64 loops, its limits, its gradients and its memory."""

import copy
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.dclw import DCLW
from pipeline.methods.joint_embedding.random_encoder import RandomEncoder
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.supervised_encoder import SupervisedEncoder
from pipeline.methods.joint_embedding.swav import SwAV
from pipeline.methods.momentum_contrast.mochi import MoCHi, mixture
from pipeline.methods.momentum_contrast.moco_v2 import MoCoV2
from pipeline.ops.ema import follow, follower
from pipeline.ops.groups import in_groups, in_shuffled_groups, slow_statistics
from pipeline.ops.queue import Queue
from pipeline.ops.sinkhorn import balanced_codes
from tests.method_kit import SIZE, batch, dot, loop_nt_xent, made, pair, step, unit, views_of


def loop_dcl(z1, z2, temperature, sigma=None):
    views = views_of(z1, z2)
    cosines = [dot(a, b) for a, b in zip(*views, strict=True)]
    expected = sum(math.exp(c / sigma) for c in cosines) / len(cosines) if sigma else None
    total = 0.0
    for view in (0, 1):
        for i, anchor in enumerate(views[view]):
            weight = 2 - math.exp(cosines[i] / sigma) / expected if sigma else 1.0
            negatives = sum(
                math.exp(dot(anchor, z) / temperature) for other in (0, 1) for j, z in enumerate(views[other]) if j != i
            )
            total += -weight * cosines[i] / temperature + math.log(negatives)
    return total / (2 * len(z1))


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nt_xent_equals_the_slow_loops(temperature):
    z = pair()
    assert float(SimCLR(temperature=temperature).objective(*z)) == pytest.approx(
        loop_nt_xent(*z, temperature), rel=1e-5
    )


def test_nt_xent_of_indistinguishable_views_is_the_log_of_the_candidates():
    z = torch.ones(6, 4)
    assert float(SimCLR().objective(z, z)) == pytest.approx(math.log(2 * 6 - 1), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_dcl_equals_the_slow_loops(temperature):
    z = pair()
    assert float(DCL(temperature=temperature).objective(*z)) == pytest.approx(loop_dcl(*z, temperature), rel=1e-5)


@pytest.mark.parametrize("sigma", [0.2, 0.5])
def test_dclw_equals_the_slow_loops(sigma):
    z = pair()
    assert float(DCLW(sigma=sigma).objective(*z)) == pytest.approx(loop_dcl(*z, 0.1, sigma), rel=1e-5)


def test_nt_xent_is_dcl_and_the_coupling_term():
    z1, z2 = (z.double() for z in pair())
    z1, z2 = (nn.functional.normalize(z) for z in (z1, z2))
    both, coupling = torch.cat([z1, z2]), 0.0
    for i in range(14):
        negatives = sum(math.exp(float(both[i] @ both[j]) / 0.1) for j in range(14) if j % 7 != i % 7)
        coupling += math.log1p(math.exp(float(both[i] @ both[(i + 7) % 14]) / 0.1) / negatives) / 14
    assert float(SimCLR().objective(z1, z2)) == pytest.approx(float(DCL().objective(z1, z2)) + coupling, rel=1e-5)


def test_dclw_tends_to_dcl_as_sigma_grows_and_its_weights_average_one():
    z = pair()
    assert float(DCLW(sigma=1e5).objective(*z)) == pytest.approx(float(DCL().objective(*z)), rel=1e-4)
    weights = DCLW().weights(torch.tensor([0.9, -0.3, 0.1, 0.5] * 2))
    assert float(weights.mean()) == pytest.approx(1.0, rel=1e-6)
    assert weights.argmax() == 1 and weights.argmin() == 0


@pytest.mark.parametrize("cls", [SimCLR, DCL, DCLW])
def test_pairwise_losses_do_not_care_which_view_or_image_comes_first(cls):
    z1, z2 = pair()
    order = torch.randperm(len(z1))
    loss = float(cls().objective(z1, z2))
    assert float(cls().objective(z2, z1)) == pytest.approx(loss, rel=1e-6)
    assert float(cls().objective(3 * z1[order], z2[order])) == pytest.approx(loss, rel=1e-5)


def test_the_gradient_of_dcl_does_not_vanish_where_that_of_nt_xent_does():
    # an easy positive and few negatives: the coupling that DCL removes
    size = []
    for cls in (SimCLR, DCL):
        z1 = torch.tensor([[1.0, 0.0], [-1.0, 0.1]], requires_grad=True)
        z2 = torch.tensor([[1.0, 0.01], [-1.0, 0.0]])
        cls().objective(z1, z2).backward()
        size.append(float(z1.grad.norm()))
    assert size[1] > 100 * size[0]


# Sinkhorn and SwAV


def loop_sinkhorn(scores, epsilon, iterations):
    """Columns are samples, as in the paper: Q (K, B)."""
    samples, clusters = scores.shape
    q = [[math.exp(float(scores[b, k]) / epsilon) for b in range(samples)] for k in range(clusters)]
    whole = sum(map(sum, q))
    q = [[x / whole for x in row] for row in q]
    for _ in range(iterations):
        q = [[x / sum(row) / clusters for x in row] for row in q]
        sums = [sum(row[b] for row in q) for b in range(samples)]
        q = [[row[b] / sums[b] / samples for b in range(samples)] for row in q]
    return torch.tensor(q, dtype=torch.float64).T * samples


def test_codes_equal_the_slow_loops_in_the_papers_orientation():
    torch.manual_seed(4)
    scores = torch.rand(9, 5) * 2 - 1
    torch.testing.assert_close(
        balanced_codes(scores, 0.05, 3).double(), loop_sinkhorn(scores, 0.05, 3), atol=1e-5, rtol=1e-4
    )


def test_codes_tend_to_balance_and_ignore_a_common_shift():
    torch.manual_seed(4)
    scores = torch.rand(40, 8) * 2 - 1
    few, many = (balanced_codes(scores, 0.1, n) for n in (1, 200))
    assert float((many.sum(0) - 5).abs().max()) < 1e-3 < float((few.sum(0) - 5).abs().max())
    torch.testing.assert_close(many.sum(1), torch.ones(40))
    torch.testing.assert_close(balanced_codes(scores + 7, 0.1, 3), balanced_codes(scores, 0.1, 3), atol=1e-5, rtol=1e-3)


def test_codes_stay_finite_when_every_sample_prefers_one_cluster():
    scores = torch.full((6, 4), -1.0)
    scores[:, 0] = 1.0
    assert torch.allclose(balanced_codes(scores, 0.01, 3).sum(1), torch.ones(6))


def loop_swav(z, prototypes, codes, temperature):
    """codes: the two full crops' (B, K); z: unit embeddings of all crops."""
    total = 0.0
    for s in (0, 1):
        for t in range(len(z)):
            if t == s:
                continue
            for b in range(len(z[0])):
                logits = [dot(z[t][b].tolist(), c.tolist()) / temperature for c in prototypes]
                whole = sum(math.exp(x) for x in logits)
                total -= sum(float(codes[s][b, k]) * math.log(math.exp(x) / whole) for k, x in enumerate(logits)) / (
                    2 * (len(z) - 1) * len(z[0])
                )
    return total


SWAV = {"prototypes": 5, "small_crops": 2, "queue_length": 24, "queue_start": 0.5}


def test_swav_equals_the_slow_loops():
    method = made(SwAV, **SWAV)
    torch.manual_seed(6)
    views = [torch.randn(SIZE, 6) for _ in range(4)]
    prototypes = method.prototype_layer.weight.detach().double()
    z = [nn.functional.normalize(view.double()) for view in views]
    codes = [loop_sinkhorn(z[s] @ prototypes.T, 0.05, 3) for s in (0, 1)]
    assert method.objective(*views).item() == pytest.approx(loop_swav(z, prototypes, codes, 0.1), rel=1e-4)


def test_swav_balances_its_codes_over_the_queue_once_it_is_full():
    method = made(SwAV, **SWAV)
    torch.manual_seed(6)
    views = [torch.randn(SIZE, 6) for _ in range(4)]
    prototypes = method.prototype_layer.weight.detach().double()
    method.progress = 0.4
    method.objective(*views)
    with torch.no_grad():
        method.after_step()
    assert not any(int(queue.pushed) for queue in method.queues), "the queue starts later"
    method.progress = 0.6
    alone = method.objective(*views).item()
    for queue in method.queues:
        queue.push(torch.nn.functional.normalize(torch.randn(24, 6)))
    z = [nn.functional.normalize(view.double()) for view in views]
    codes = []
    for s in (0, 1):
        everything = torch.cat([method.queues[s].items.double(), z[s]])
        codes.append(loop_sinkhorn(everything @ prototypes.T, 0.05, 3)[-SIZE:])
    together = method.objective(*views).item()
    assert together == pytest.approx(loop_swav(z, prototypes, codes, 0.1), rel=1e-4)
    assert abs(together - alone) > 1e-4


def test_swav_predicts_codes_of_full_crops_only_and_codes_have_no_gradient():
    method = made(SwAV, prototypes=5, small_crops=0, queue_length=0)
    torch.manual_seed(6)
    z1, z2 = torch.randn(SIZE, 6, requires_grad=True), torch.randn(SIZE, 6)
    prototypes = method.prototype_layer.weight.detach()
    codes = [balanced_codes(nn.functional.normalize(z.detach()) @ prototypes.T, 0.05, 3) for z in (z1, z2)]
    predicted = (nn.functional.normalize(z1) @ prototypes.T / 0.1).log_softmax(1)
    (expected,) = torch.autograd.grad(-(codes[1] * predicted).sum(1).mean() / 2, z1)
    (found,) = torch.autograd.grad(method.objective(z1, z2), z1)
    torch.testing.assert_close(found, expected)


def test_swav_freezes_prototypes_in_the_first_epoch_and_keeps_them_unit():
    method = made(SwAV, **SWAV)
    assert method.views == ("full", "full", "small", "small")
    before = method.prototype_layer.weight.detach().clone()
    step(method, batch(method.views), epoch=0)
    assert torch.allclose(method.prototype_layer.weight, before, atol=1e-6)
    step(method, batch(method.views), epoch=1)
    assert not torch.allclose(method.prototype_layer.weight, before, atol=1e-3)
    torch.testing.assert_close(method.prototype_layer.weight.norm(dim=1), torch.ones(5))


def test_views_of_two_sizes_come_back_in_their_order():
    method = made(SimCLR, batch_norm=False)
    data = batch(("small", "full", "small")).views
    for z, view in zip(method.embed(data), data, strict=True):
        torch.testing.assert_close(z, method.projector(method.encoder(view)))


# Queue, momentum, groups


def test_the_queue_keeps_the_latest_in_a_ring_and_says_when_it_is_full():
    queue, seen = Queue(5, 2), []
    start = queue.items.clone()
    for value, size in enumerate([3, 1, 2, 4]):
        new = [[float(value), float(place)] for place in range(size)]
        queue.push(torch.tensor(new))
        seen += new
        assert queue.full == (len(seen) >= 5)
        kept = queue.items.tolist()
        assert all(row in kept for row in seen[-5:])
        assert sum(row in kept for row in start.tolist()) == max(0, 5 - len(seen))
    assert queue.items.tolist()[len(seen) % 5] == seen[-5], "the oldest is where the next one goes"


def test_more_vectors_than_the_queue_holds_leave_the_last():
    queue = Queue(3, 1)
    queue.push(torch.arange(8.0)[:, None])
    assert sorted(queue.items.flatten().tolist()) == [5, 6, 7]
    queue.push(torch.tensor([[8.0]]))
    assert sorted(queue.items.flatten().tolist()) == [6, 7, 8]


def test_a_restored_queue_goes_on_where_it_was():
    first, second = Queue(4, 1), Queue(4, 1)
    first.push(torch.arange(3.0)[:, None])
    second.load_state_dict(first.state_dict())
    for queue in (first, second):
        queue.push(torch.tensor([[10.0], [11.0]]))
    assert first.items.tolist() == second.items.tolist()


def test_a_follower_of_a_still_network_approaches_it_geometrically():
    torch.manual_seed(0)
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    start = target.weight.detach().clone()
    for _ in range(7):
        follow(target, source, 0.9)
    expected = 0.9**7 * start + (1 - 0.9**7) * source.weight
    torch.testing.assert_close(target.weight, expected)
    copied = follower(source)
    follow(copied, nn.Linear(3, 2), 1.0)
    torch.testing.assert_close(copied.weight, source.weight)
    assert not any(parameter.requires_grad for parameter in copied.parameters())


def test_groups_are_normalised_apart_and_shuffling_changes_company_but_not_order():
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(3, affine=False)
    x = torch.randn(12, 3) * torch.arange(1, 13)[:, None]
    apart = in_groups(norm, x, 3)
    for part, whole in zip(apart.chunk(3), x.chunk(3), strict=True):
        torch.testing.assert_close(part, (whole - whole.mean(0)) / (whole.var(0, correction=0) + 1e-5).sqrt())
    torch.testing.assert_close(in_shuffled_groups(nn.Identity(), x, 3), x)
    assert not torch.allclose(in_shuffled_groups(norm, x, 3), apart)
    torch.testing.assert_close(in_shuffled_groups(norm, x, 1), norm(x))
    assert in_groups(norm, x[:3], 8).shape == (3, 3), "no group of one"


def test_running_statistics_forget_as_slowly_with_groups_as_without():
    together, apart = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    slow_statistics(apart, 4)
    same = torch.tensor([[1.0], [3.0]])
    together(same)
    in_groups(apart, same.repeat(4, 1), 4)
    torch.testing.assert_close(apart.running_mean, together.running_mean)


# MoCo v2 and MoCHi

MOCO = {"queue_length": 20, "momentum": 0.9, "groups": 3}


def loop_info_nce(q, k, negatives, temperature):
    """negatives: one list of vectors per query."""
    total = 0.0
    for query, key, others in zip(q.tolist(), k.tolist(), negatives, strict=True):
        positive = math.exp(dot(query, key) / temperature)
        total -= math.log(positive / (positive + sum(math.exp(dot(query, n) / temperature) for n in others)))
    return total / len(q)


def queries_and_keys(method, data):
    with torch.no_grad():
        q = nn.functional.normalize(method.projector(method.encoder(data.views[0]))).double()
        k = nn.functional.normalize(method.key_encoder(data.views[1])).double()
    return q, k


def test_moco_equals_the_slow_loops():
    method, data = made(MoCoV2, batch_norm=False, **MOCO), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = queries_and_keys(method, data)
    expected = loop_info_nce(q, k, [method.queue.items.double().tolist()] * SIZE, 0.2)
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_moco_contrasts_with_the_queue_before_this_batchs_keys_join_it():
    method, data = made(MoCoV2, batch_norm=False, **MOCO), batch()
    before = method.queue.items.clone()
    _, keys = queries_and_keys(method, data)
    method.loss(data)
    assert torch.equal(method.queue.items, before), "the loss alone changes nothing"
    with torch.no_grad():
        method.after_step()
    torch.testing.assert_close(method.queue.items[:SIZE].double(), keys, atol=1e-6, rtol=1e-5)
    assert torch.equal(method.queue.items[SIZE:], before[SIZE:])


@pytest.mark.parametrize("cls", [MoCoV2, MoCHi])
def test_gradient_reaches_the_query_side_and_nothing_else(cls):
    method = made(cls, **MOCO)
    method.progress = 0.5
    method.loss(batch()).backward()
    # a bias before batch normalisation shifts nothing, so its gradient may vanish
    assert all(
        float(p.grad.abs().sum()) > 0 for p in (method.encoder.convolution.weight, *method.projector.parameters())
    )
    assert all(p.grad is None for p in method.key_encoder.parameters())
    assert method.queue.items.grad is None and not method.queue.items.requires_grad


def test_moco_moves_its_key_encoder_by_the_momentum_rule():
    method = made(MoCoV2, **MOCO)
    before = copy.deepcopy(method.key_encoder)
    step(method, batch())
    for old, new, online in zip(
        before.parameters(),
        method.key_encoder.parameters(),
        [*method.encoder.parameters(), *method.projector.parameters()],
        strict=True,
    ):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * online)
    assert not torch.equal(before[0].convolution.weight, method.key_encoder[0].convolution.weight)


def test_shuffling_separates_a_query_and_its_key():
    """In order, an image's view meets the same company on both sides; shuffled, it does not."""
    method, data = made(MoCoV2, momentum=0.9, queue_length=20, groups=4), batch()
    data.views[1] = data.views[0].clone()
    method.loss(data)
    with torch.no_grad():
        q = nn.functional.normalize(method.projector(in_groups(method.encoder, data.views[0], 4)))
    assert float((q - method.keys).norm(dim=1).max()) > 1e-3
    alone = made(MoCoV2, momentum=0.9, queue_length=20, groups=1)
    alone.loss(data)
    with torch.no_grad():
        q = nn.functional.normalize(alone.projector(alone.encoder(data.views[0])))
    torch.testing.assert_close(q, alone.keys, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("settings", [{"mixed": 0, "mixed_with_query": 0}, {"warmup": 0.9}])
def test_mochi_without_synthetic_negatives_is_moco(settings):
    losses = []
    for cls, extra in ((MoCoV2, {}), (MoCHi, settings)):
        method = made(cls, **MOCO, **extra)
        method.progress = 0.5
        losses.append([step(method, batch(seed=1)).item()])
        torch.manual_seed(0)
        losses[-1].append(method.loss(batch()).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_mochi_equals_explicit_mixtures_of_the_hardest_keys(monkeypatch):
    method, data = made(MoCHi, batch_norm=False, **MOCO, hardest=4, mixed=3, mixed_with_query=2), batch()
    method.progress = 0.5
    q, k = queries_and_keys(method, data)
    keys = method.queue.items.double()

    drawn, draw, shares, rand = [], method.draw, [], torch.rand
    monkeypatch.setattr(method, "draw", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    monkeypatch.setattr(torch, "rand", lambda *given, **named: shares.append(rand(*given, **named)) or shares[-1])
    found = float(method.loss(data).detach())

    (first, second, third), (alpha, half_beta) = drawn, [share.double().tolist() for share in shares]
    negatives = []
    for b in range(SIZE):
        hardest = sorted(range(20), key=lambda n, b=b: -float(q[b] @ keys[n]))[:4]
        assert {*first[b].tolist(), *second[b].tolist(), *third[b].tolist()} <= set(hardest)
        others = keys.tolist()
        for a, i, j in zip(alpha[b], first[b], second[b], strict=True):
            others.append(unit((a * keys[i] + (1 - a) * keys[j]).tolist()))
        for half, j in zip(half_beta[b], third[b], strict=True):
            others.append(unit((half / 2 * q[b] + (1 - half / 2) * keys[j]).tolist()))
        negatives.append(others)
    assert found == pytest.approx(loop_info_nce(q, k, negatives, 0.2), rel=1e-5)


def test_mochis_synthetic_negatives_are_constants_to_the_gradient():
    torch.manual_seed(9)
    method = made(MoCHi, **MOCO, hardest=4, mixed=0, mixed_with_query=3)
    method.progress = 0.5
    raw = torch.randn(5, 6, requires_grad=True)
    q = nn.functional.normalize(raw)
    torch.manual_seed(7)
    hard = method.negatives(q, q @ method.queue.items.T)[:, 20:]
    (found,) = torch.autograd.grad(hard.sum(), raw, retain_graph=True)

    torch.manual_seed(7)
    fixed, keys = q.detach(), method.queue.items
    hardest = (fixed @ keys.T).topk(4, sorted=False).indices
    for _ in range(2):
        method.draw(hardest, 0)
    torch.rand(5, 0)
    j = method.draw(hardest, 3)
    beta = 0.5 * torch.rand(5, 3)[..., None]
    h = nn.functional.normalize(beta * fixed[:, None] + (1 - beta) * keys[j], dim=2)
    expected_values = (q[:, None] * h).sum(2)
    torch.testing.assert_close(hard, expected_values)
    (expected,) = torch.autograd.grad(expected_values.sum(), raw)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_mixture_has_unit_length_and_is_an_end_where_one_share_is_whole():
    torch.manual_seed(8)
    q, a, b = nn.functional.normalize(torch.randn(3, 6).double())
    for share in (0.0, 0.3, 1.0):
        expected = float(q @ nn.functional.normalize(share * a + (1 - share) * b, dim=0))
        assert float(mixture(torch.tensor(share, dtype=torch.float64), q @ a, q @ b, a @ b)) == pytest.approx(
            expected, abs=1e-9
        )


# Baselines, and what all share


def test_the_supervised_encoder_minimises_cross_entropy_of_its_head():
    method, data = made(SupervisedEncoder), batch(("full",))
    logits = method.head(method.encoder(data.views[0])).double()
    expected = 0.0
    for row, label in zip(logits.tolist(), data.labels.tolist(), strict=True):
        expected -= (row[label] - math.log(sum(math.exp(x) for x in row))) / SIZE
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_the_random_encoder_has_nothing_to_train():
    assert RandomEncoder.trains is False
    assert not [name for name, _ in RandomEncoder().named_parameters()]


@pytest.mark.parametrize("cls", [SimCLR, DCL, DCLW, SwAV, MoCoV2, MoCHi, SupervisedEncoder])
def test_a_method_restored_from_its_state_trains_on_to_the_same_numbers(cls):
    small = {SwAV: SWAV, MoCoV2: MOCO, MoCHi: MOCO}.get(cls, {})
    method, other = made(cls, **small), made(cls, **small)
    for m in (method, other):
        m.progress = 0.6
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        step(method, batch(method.views, seed=seed))
    other.load_state_dict(method.state_dict())
    losses = []
    for m in (method, other):
        torch.manual_seed(11)
        losses.append([float(step(m, batch(m.views, seed=seed)).detach()) for seed in (4, 5)])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("cls", [SimCLR, DCL, DCLW, SwAV, MoCoV2, MoCHi, SupervisedEncoder])
def test_what_evaluation_needs_is_the_encoder_alone(cls):
    method = made(cls, **{SwAV: SWAV, MoCoV2: MOCO, MoCHi: MOCO}.get(cls, {}))
    kept = [name for name in method.state_dict() if not name.startswith(method.training_only)]
    assert kept and all(name.startswith("encoder.") for name in kept)


def test_gradient_equals_finite_differences_through_the_whole_method():
    torch.manual_seed(0)
    for cls in (SimCLR, DCL, DCLW):
        z1, z2 = (z.double().requires_grad_() for z in pair(4, 3))
        loss = cls(temperature=0.5).objective
        (gradient,) = torch.autograd.grad(loss(z1, z2), z1)
        nudge = torch.zeros_like(z1)
        nudge[1, 2] = 1e-2
        slope = (loss(z1 + nudge, z2).item() - loss(z1 - nudge, z2).item()) / 2e-2
        assert float(gradient[1, 2]) == pytest.approx(slope, rel=2e-2, abs=1e-4)
