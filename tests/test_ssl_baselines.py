"""Methods that distil, decorrelate, whiten, borrow neighbours or read labels: losses against slow loops, limits."""

import copy
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.barlow_twins import BarlowTwins
from pipeline.methods.joint_embedding.nnclr import NNCLR
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.sup_con import SupCon
from pipeline.methods.joint_embedding.vicreg import VICReg
from pipeline.methods.joint_embedding.w_mse import WMSE
from pipeline.methods.self_distillation.byol import BYOL
from pipeline.methods.self_distillation.dino import DINO
from pipeline.methods.self_distillation.simsiam import SimSiam
from pipeline.ops.covariance import covariance, cross_correlation, off_diagonal_squares
from pipeline.ops.heads import mlp
from pipeline.ops.whitening import whitened
from tests.method_kit import SIZE, batch, dot, loop_nt_xent, made, pair, step, unit, views_of

SETTINGS = {
    BYOL: {"predictor_hidden": 7, "momentum": 0.9},
    SimSiam: {"predictor_hidden": 3},
    DINO: {"prototypes": 5, "small_crops": 2, "momentum": 0.9, "frozen_epochs": 0},
    BarlowTwins: {},
    VICReg: {},
    NNCLR: {"predictor_hidden": 7, "queue_length": 20},
    WMSE: {"projection_dim": 3, "sub_batch": 6, "iterations": 2},
    SupCon: {},
}
ALL = list(SETTINGS)


def ready(cls, batch_norm=True, **settings):
    return made(cls, batch_norm, **{**SETTINGS[cls], **settings})


def cosine(a, b):
    return dot(unit(a), unit(b))


# Self-distillation


def outputs(method, data):
    """What BYOL and SimSiam compare: predictions and projections of both views, as plain lists."""
    with torch.no_grad():
        z = method.embed(data.views)
        p = method.predictor(torch.cat(z)).chunk(2)
    return [part.double().tolist() for part in p], [part.double().tolist() for part in z]


def test_simsiam_equals_the_slow_loops():
    method, data = ready(SimSiam), batch()
    (p1, p2), (z1, z2) = outputs(method, data)
    expected = sum(-cosine(p1[i], z2[i]) / 2 - cosine(p2[i], z1[i]) / 2 for i in range(SIZE)) / SIZE
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_simsiam_stops_the_gradient_at_the_targets():
    method, data = ready(SimSiam), batch()
    method.loss(data).backward()
    found = method.encoder.convolution.weight.grad.clone()

    _, targets = outputs(method, data)
    method.zero_grad()
    p = method.predictor(torch.cat(method.embed(data.views))).chunk(2)
    fixed = [torch.tensor(targets[1]).float(), torch.tensor(targets[0]).float()]
    loss = -sum(nn.functional.cosine_similarity(a, b).mean() for a, b in zip(p, fixed, strict=True)) / 2
    loss.backward()
    torch.testing.assert_close(found, method.encoder.convolution.weight.grad)
    assert found.norm() > 1e-4


def test_byol_equals_the_slow_loops_with_targets_of_its_momentum_network():
    method, data = ready(BYOL), batch()
    with torch.no_grad():
        method.target[1][0].weight.mul_(-1.5).add_(0.1)
        targets = [part.double().tolist() for part in method.target(torch.cat(data.views)).chunk(2)]
    (p1, p2), _ = outputs(method, data)
    expected = 0.0
    for prediction, target in ((p1, targets[1]), (p2, targets[0])):
        for p, z in zip(prediction, target, strict=True):
            expected += sum((a - b) ** 2 for a, b in zip(unit(p), unit(z), strict=True)) / (2 * SIZE)
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_byol_with_a_target_that_is_the_online_network_is_simsiam():
    """Up to 2 + 2 D, and with SimSiam's heads."""
    method, data = ready(SimSiam, batch_norm=False), batch()
    other = ready(BYOL, batch_norm=False)
    other.encoder, other.projector, other.predictor = method.encoder, method.projector, method.predictor
    other.target = copy.deepcopy(nn.Sequential(method.encoder, method.projector))
    assert other.loss(data).item() == pytest.approx(2 + 2 * method.loss(data).item(), rel=1e-5)


@pytest.mark.parametrize("cls", [BYOL, DINO])
@pytest.mark.parametrize("progress", [0.0, 0.5, 0.8])
def test_the_target_follows_by_a_momentum_that_rises_to_one(cls, progress):
    method = ready(cls)
    method.progress = progress
    before = copy.deepcopy(method.target)
    step(method, batch(method.views))
    momentum = 1 - 0.1 * (math.cos(math.pi * progress) + 1) / 2
    online = [*method.encoder.parameters(), *method.projector.parameters()]
    moved = False
    for old, new, now in zip(before.parameters(), method.target.parameters(), online, strict=True):
        torch.testing.assert_close(new, momentum * old + (1 - momentum) * now)
        moved |= not torch.equal(old, new)
    assert moved


# DINO


def loop_softmax(logits):
    whole = sum(math.exp(x) for x in logits)
    return [math.exp(x) / whole for x in logits]


def test_dino_equals_the_slow_loops():
    method = ready(DINO, batch_norm=False)
    data = batch(method.views)
    assert method.views == ("full", "full", "small", "small")
    with torch.no_grad():
        method.centre.copy_(torch.linspace(-0.2, 0.3, 5))
        method.target[1][1].weight.add_(0.3)
        student = [method.projector(method.encoder(view)).double().tolist() for view in data.views]
        teacher = [method.target(view).double().tolist() for view in data.views[:2]]
    method.progress = 0.05
    tau, terms = 0.04 + 0.5 * (0.07 - 0.04), []
    for s, crop in enumerate(teacher):
        for t, predicted in enumerate(student):
            for g, f in zip(crop, predicted, strict=True):
                if s != t:
                    q = loop_softmax([(x - c) / tau for x, c in zip(g, method.centre.tolist(), strict=True)])
                    p = loop_softmax([x / 0.1 for x in f])
                    terms.append(-sum(a * math.log(b) for a, b in zip(q, p, strict=True)))
    assert len(terms) == 2 * 3 * SIZE
    assert method.loss(data).item() == pytest.approx(sum(terms) / len(terms), rel=1e-4)


def test_dinos_centre_is_the_moving_average_of_the_teachers_outputs():
    method = ready(DINO)
    for seed in (1, 2):
        data, before = batch(method.views, seed=seed), method.centre.clone()
        with torch.no_grad():
            mean = copy.deepcopy(method.target)(torch.cat(data.views[:2])).mean(0)
        method.loss(data)
        assert torch.equal(method.centre, before), "the loss alone changes nothing"
        with torch.no_grad():
            method.after_step()
        torch.testing.assert_close(method.centre, 0.9 * before + 0.1 * mean)
    assert method.centre.abs().max() > 1e-3


def test_centring_cancels_what_all_teacher_outputs_have_in_common():
    method = ready(DINO)
    torch.manual_seed(3)
    outputs, shift = torch.randn(2, SIZE, 5), torch.randn(5)
    method.target = nn.Identity()
    plain = method.targets(list(outputs), [])
    method.centre.copy_(shift)
    for shifted, expected in zip(method.targets(list(outputs + shift), []), plain, strict=True):
        torch.testing.assert_close(shifted, expected, atol=1e-5, rtol=1e-4)


def test_the_teachers_temperature_rises_in_the_warm_up_and_sharpens_its_outputs():
    method, entropies = ready(DINO), []
    method.target = nn.Identity()
    torch.manual_seed(3)
    views = list(torch.randn(2, SIZE, 5) * 0.1)
    for progress in (0.0, 0.05, 0.1, 0.9):
        method.progress = progress
        q = torch.stack(list(method.targets(views, [])))
        entropies.append(float(-(q * q.log()).sum(2).mean()))
    assert entropies[0] < entropies[1] < entropies[2] == entropies[3]
    at_once = ready(DINO, warmup=0.0)
    at_once.target = nn.Identity()
    torch.testing.assert_close(torch.stack(list(at_once.targets(views, []))), q)


def test_dinos_prototypes_are_still_while_frozen():
    method = ready(DINO, frozen_epochs=1)
    before = method.projector[1].weight.detach().clone()
    step(method, batch(method.views), epoch=0)
    assert torch.equal(method.projector[1].weight, before)
    step(method, batch(method.views), epoch=1)
    assert not torch.equal(method.projector[1].weight, before)


# Barlow Twins and VICReg


def columns(z):
    return [list(column) for column in zip(*z.double().tolist(), strict=True)]


def loop_covariance(z, correction=1):
    result = []
    for a in columns(z):
        row = []
        for b in columns(z):
            mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
            row.append(sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / (len(a) - correction))
        result.append(row)
    return result


def loop_barlow(z1, z2, weight):
    dims, both = z1.shape[1], loop_covariance(torch.cat([z1, z2], 1), correction=0)
    total = 0.0
    for i in range(dims):
        for j in range(dims):
            c = both[i][dims + j] / math.sqrt((both[i][i] + 1e-5) * (both[dims + j][dims + j] + 1e-5))
            total += (1 - c) ** 2 if i == j else weight * c**2
    return total


def loop_vicreg(z1, z2, invariance, variance, redundancy):
    dims, total = z1.shape[1], 0.0
    for a, b in zip(z1.double().tolist(), z2.double().tolist(), strict=True):
        total += invariance * sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (len(z1) * dims)
    for z in (z1, z2):
        matrix = loop_covariance(z)
        total += variance / 2 * sum(max(0.0, 1 - math.sqrt(matrix[i][i] + 1e-4)) for i in range(dims)) / dims
        total += redundancy * sum(matrix[i][j] ** 2 for i in range(dims) for j in range(dims) if i != j) / dims
    return total


@pytest.mark.parametrize("weight", [0.0051, 0.5])
def test_barlow_twins_equals_the_slow_loops(weight):
    z = pair()
    assert BarlowTwins(off_diagonal_weight=weight).objective(*z).item() == pytest.approx(
        loop_barlow(*z, weight), rel=1e-4
    )


def uncorrelated():
    """(8, 3): columns of a Hadamard matrix, each of mean 0 and variance 1."""
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    return torch.kron(torch.kron(signs, signs), signs)[:, 1:4]


def test_barlow_twins_is_zero_where_the_cross_correlation_is_the_identity():
    z = uncorrelated()
    assert BarlowTwins().objective(z, 4 * z + 7).item() == pytest.approx(0.0, abs=1e-6)
    assert BarlowTwins().objective(z, -z).item() == pytest.approx(3 * 4, rel=1e-3)
    repeated = z[:, [0, 0, 0]]
    assert BarlowTwins().objective(repeated, repeated).item() == pytest.approx(6 * 0.0051, rel=1e-3)


@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.0)])
def test_vicreg_equals_the_slow_loops(weights):
    z1, z2 = (z * torch.tensor([0.2, 0.5, 1.0, 2.0, 0.0]) for z in pair())
    names = ("invariance_weight", "variance_weight", "covariance_weight")
    method = VICReg(**dict(zip(names, weights, strict=True)))
    assert method.objective(z1, z2).item() == pytest.approx(loop_vicreg(z1, z2, *weights), rel=1e-4)


def test_vicreg_is_zero_for_equal_spread_and_uncorrelated_embeddings_and_pulls_on_collapsed_ones():
    z = 1.1 * uncorrelated()
    assert VICReg().objective(z, z).item() == pytest.approx(0.0, abs=1e-6)
    same = torch.ones(6, 4)
    assert VICReg().objective(same, same).item() == pytest.approx(25 * (1 - 0.01), rel=1e-5)
    almost = (1 + 1e-3 * torch.randn(6, 4)).requires_grad_()
    VICReg().objective(almost, almost).backward()
    assert almost.grad.isfinite().all() and almost.grad.abs().max() > 0


def test_covariances_stay_in_float32_under_bf16():
    z1, z2 = pair(40)
    z1 = z1 + 100
    plain = covariance(z1), cross_correlation(z1, z2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = covariance(z1), cross_correlation(z1, z2)
    for found, expected in zip(within, plain, strict=True):
        assert torch.equal(found, expected)
    assert float(off_diagonal_squares(torch.tensor([[5.0, 1.0], [2.0, 7.0]]))) == 5.0


# Whitening


def test_whitened_vectors_have_identity_covariance_and_keep_triangular_dependence():
    torch.manual_seed(2)
    z = torch.randn(4, 30, 5) @ torch.randn(5, 5) + 3
    white = whitened(z)
    for group, original in zip(white, z, strict=True):
        torch.testing.assert_close(group.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
        torch.testing.assert_close(covariance(group), torch.eye(5), atol=1e-5, rtol=0)
        first = original[:, 0] - original[:, 0].mean()
        torch.testing.assert_close(group[:, 0], first / original[:, 0].std(), atol=1e-5, rtol=1e-4)


def test_whitening_shrinks_towards_no_whitening_and_marks_what_it_cannot_whiten():
    z, _ = pair()
    torch.testing.assert_close(whitened(z, 1.0), z - z.mean(0))
    assert whitened(z[:3]).isnan().all(), "three vectors in five dimensions"
    assert whitened(z[:3], 0.1).isfinite().all()


def loop_whitened(z, epsilon):
    matrix, dims = loop_covariance(z), z.shape[1]
    shrunk = [[(1 - epsilon) * matrix[i][j] + epsilon * (i == j) for j in range(dims)] for i in range(dims)]
    factor = [[0.0] * dims for _ in range(dims)]
    for i in range(dims):
        for j in range(i + 1):
            rest = shrunk[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    means = [sum(column) / len(column) for column in columns(z)]
    result = []
    for row in z.double().tolist():
        solved: list[float] = []
        for i in range(dims):
            known = sum(factor[i][k] * solved[k] for k in range(i))
            solved.append((row[i] - means[i] - known) / factor[i][i])
        result.append(solved)
    return result


@pytest.mark.parametrize(("iterations", "epsilon", "size"), [(1, 0.0, 12), (3, 0.2, 14)])
def test_w_mse_equals_the_slow_loops_over_its_divisions(iterations, epsilon, size):
    z = pair(size, 3)
    torch.manual_seed(4)
    orders = torch.rand(iterations, size).argsort(1).tolist()
    expected = 0.0
    for order in orders:
        for part in (order[: size // 2], order[size // 2 :]):
            v1, v2 = (loop_whitened(view[part], epsilon) for view in z)
            for a, b in zip(v1, v2, strict=True):
                expected += sum((x - y) ** 2 for x, y in zip(unit(a), unit(b), strict=True)) / (size * iterations)
    torch.manual_seed(4)
    method = WMSE(sub_batch=6, iterations=iterations, epsilon=epsilon)
    assert method.objective(*z).item() == pytest.approx(expected, rel=1e-4)


def test_w_mse_whitens_the_same_images_of_both_views_and_ignores_scale():
    z1, _ = pair(12, 3)
    method = WMSE(sub_batch=6)
    assert method.objective(z1, 5 * z1 * torch.tensor([1.0, 2.0, 0.1]) - 3).item() == pytest.approx(0.0, abs=1e-5)
    assert WMSE(sub_batch=50).objective(*pair(12, 3)).isfinite(), "a batch smaller than a sub-batch is whitened whole"
    assert WMSE(sub_batch=6).objective(*pair(13, 3)).isfinite()


# NNCLR


def test_nnclr_equals_the_slow_loops():
    method, data = ready(NNCLR), batch()
    p, z = outputs(method, data)
    queue, total = method.queue.items.double().tolist(), 0.0
    for near, far in ((0, 1), (1, 0)):
        neighbours = [max(queue, key=lambda q, row=row: dot(unit(row), q)) for row in z[near]]
        for i in range(SIZE):
            positive = math.exp(cosine(neighbours[i], p[far][i]) / 0.1)
            over_predictions = sum(math.exp(cosine(neighbours[i], p[far][k]) / 0.1) for k in range(SIZE))
            over_neighbours = sum(math.exp(cosine(neighbours[k], p[far][i]) / 0.1) for k in range(SIZE))
            total -= (math.log(positive / over_predictions) + math.log(positive / over_neighbours)) / (4 * SIZE)
    assert method.loss(data).item() == pytest.approx(total, rel=1e-5)


def test_nnclr_whose_support_set_holds_the_embeddings_is_info_nce_between_the_views():
    method, (z1, z2) = ready(NNCLR), pair(SIZE, 6)
    method.predictor = nn.Identity()
    unit1, unit2 = (nn.functional.normalize(z) for z in (z1, z2))
    method.queue.items = torch.cat([unit1, unit2])
    logits, own = unit1 @ unit2.T / 0.1, torch.arange(SIZE)
    expected = (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2
    torch.testing.assert_close(method.objective(z1, z2), expected)


def test_nnclrs_support_set_takes_the_first_view_after_the_step():
    method, data = ready(NNCLR), batch()
    before = method.queue.items.clone()
    with torch.no_grad():
        z = nn.functional.normalize(method.embed(data.views)[0])
    method.loss(data)
    assert torch.equal(method.queue.items, before)
    with torch.no_grad():
        method.after_step()
    torch.testing.assert_close(method.queue.items[:SIZE], z)
    assert torch.equal(method.queue.items[SIZE:], before[SIZE:])


# SupCon


def loop_sup_con(z1, z2, labels, temperature):
    z, labels = [row for view in views_of(z1, z2) for row in view], [*labels, *labels]
    total = 0.0
    for i, anchor in enumerate(z):
        everything = sum(math.exp(dot(anchor, other) / temperature) for a, other in enumerate(z) if a != i)
        positives = [other for p, other in enumerate(z) if p != i and labels[p] == labels[i]]
        total -= sum(math.log(math.exp(dot(anchor, p) / temperature) / everything) for p in positives) / len(positives)
    return total / len(z)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_sup_con_equals_the_slow_loops(temperature):
    z, labels = pair(), [0, 1, 2, 0, 0, 1, 5]
    found = SupCon(temperature=temperature).contrast(torch.tensor(labels), *z)
    assert found.item() == pytest.approx(loop_sup_con(*z, labels, temperature), rel=1e-5)


def test_sup_con_of_all_different_labels_is_nt_xent():
    z = pair()
    found = SupCon().contrast(torch.arange(7), *z)
    assert found.item() == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)
    torch.testing.assert_close(found, SimCLR().objective(*z))


def test_sup_con_reads_the_labels():
    assert SupCon.uses_labels
    method, data = ready(SupCon), batch()
    before = method.loss(data).item()
    data.labels = torch.arange(SIZE)
    assert abs(method.loss(data).item() - before) > 1e-3


# What all share


def test_heads_are_as_the_papers_describe_them():
    def layers(head):
        return [type(layer).__name__ for layer in head]

    byol, simsiam, nnclr = (ready(cls) for cls in (BYOL, SimSiam, NNCLR))
    hidden = ["Linear", "BatchNorm1d", "ReLU"]
    assert layers(byol.projector) == layers(byol.predictor) == [*hidden, "Linear"]
    assert byol.projector[-1].bias is None and byol.predictor[-1].bias is None
    assert layers(simsiam.projector) == layers(nnclr.projector) == [*hidden, *hidden, "Linear", "BatchNorm1d"]
    assert not simsiam.projector[-1].affine and nnclr.projector[-1].affine
    assert layers(simsiam.predictor) == layers(nnclr.predictor) == [*hidden, "Linear"]
    assert simsiam.predictor[-1].bias is not None
    for cls in (BarlowTwins, VICReg):
        assert layers(ready(cls).projector) == [*hidden, *hidden, "Linear"]
        assert ready(cls).projector[-1].bias is None
    assert layers(ready(DINO).projector[0]) == ["Linear", "GELU", "Linear", "GELU", "Linear"]
    with_norm = ready(DINO, head_batch_norm=True).projector[0]
    assert layers(with_norm) == ["Linear", "BatchNorm1d", "GELU", "Linear", "BatchNorm1d", "GELU", "Linear"]
    assert not ready(DINO).projector[0][0].bias.any() and ready(DINO).projector[0][0].weight.abs().max() < 0.1
    assert mlp([2, 3, 4])[-1].bias is not None


@pytest.mark.parametrize("cls", ALL)
def test_gradient_reaches_encoder_and_heads_and_nothing_else(cls):
    method = ready(cls)
    method.progress = 0.5
    step(method, batch(method.views))
    method.zero_grad()
    method.loss(batch(method.views)).backward()
    assert method.encoder.convolution.weight.grad.abs().sum() > 0
    for name, parameter in method.named_parameters():
        if name.startswith("target."):
            assert parameter.grad is None and not parameter.requires_grad, name
        elif name.startswith(("projector", "predictor")) and name.endswith("weight"):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("cls", ALL)
def test_a_restored_method_trains_on_to_the_same_numbers(cls):
    method, other = ready(cls), ready(cls)
    start = copy.deepcopy(method.state_dict())
    for m in (method, other):
        m.progress = 0.4
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        step(method, batch(method.views, seed=seed))
    assert all(torch.isfinite(value).all() for value in method.state_dict().values())
    assert any(not torch.equal(value, start[name]) for name, value in method.state_dict().items())
    other.load_state_dict(method.state_dict())
    losses = []
    for m in (method, other):
        torch.manual_seed(11)
        losses.append([step(m, batch(m.views, seed=seed)).item() for seed in (4, 5)])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("cls", ALL)
def test_evaluation_keeps_the_encoder_and_nothing_else(cls):
    method = ready(cls)
    kept = {name for name in method.state_dict() if not name.startswith(cls.training_only)}
    assert kept == {f"encoder.{name}" for name in method.encoder.state_dict()}
    used = {prefix for prefix in cls.training_only if any(name.startswith(prefix) for name in method.state_dict())}
    assert used == set(cls.training_only)
