"""Decoders, generative, dense and common-or-salient methods, and the study of projection heads."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline import datasets
from pipeline.modalities.images.datasets import digits, fashion_mnist, fashion_mnist_digits
from pipeline.methods.generative.cmim import CMIM
from pipeline.methods.generative.mim import MIM
from pipeline.methods.generative.mrdd import MRDD, masked
from pipeline.methods.joint_embedding.fixed_head import FixedHead
from pipeline.methods.joint_embedding.no_head import NoHead
from pipeline.methods.joint_embedding.pixpro import PixPro, agreement, places
from pipeline.methods.joint_embedding.sepclr import SepCLR, log_kernel, uniformity
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.club import CLUB
from pipeline.ops.codes import drawn
from pipeline.ops.decoder import image_decoder
from pipeline.ops.edges import edges
from tests.method_kit import FEATURES, SIDE, SIZE, batch, dot, loop_nt_xent, made, pair, step, unit

REPOSITORY = Path(__file__).resolve().parents[1]
METHODS = {
    MIM: {"latent_dim": 5},
    CMIM: {"latent_dim": 5},
    MRDD: {"consistent_dim": 3, "specific_dim": 4},
    SepCLR: {"salient_weight": 3.0, "background_weight": 2.0},
    PixPro: {},
    FixedHead: {},
    NoHead: {},
}
EVERY = pytest.mark.parametrize("cls", METHODS)


def gradient_free(module):
    return all(p.grad is None or not p.grad.any() for p in module.parameters())


def descend(module, loss, steps, rate):
    values = []
    for _ in range(steps):
        values.append(loss())
        for p, gradient in zip(
            module.parameters(), torch.autograd.grad(values[-1], list(module.parameters())), strict=True
        ):
            p.data -= rate * gradient
    return [value.item() for value in values]


# Decoders and edges


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 20, 20), (3, 9, 13), (1, 28, 28), (2, 40, 33)])
def test_a_decoder_makes_images_of_any_shape(shape):
    decoder = image_decoder(7, shape)
    assert decoder(torch.randn(3, 7)).shape == (3, *shape)


def test_a_decoder_learns_images_beyond_the_range_of_an_activation():
    torch.manual_seed(0)
    codes, images = torch.randn(4, 6), 3 * torch.randn(4, 1, 8, 8).sign()
    decoder = image_decoder(6, (1, 8, 8))
    errors = descend(decoder, lambda: ((decoder(codes) - images) ** 2).mean(), 100, 0.05)
    assert errors[0] > 8 and errors[-1] < 4
    assert float(decoder(codes).abs().max().detach()) > 2


def test_edges_are_where_a_neighbour_is_brighter():
    image = torch.zeros(1, 1, 5, 6)
    image[..., 3:] = 2.0
    expected = torch.zeros(5, 6)
    expected[:, 2] = 2.0
    assert torch.equal(edges(image)[0, 0], expected)
    torch.testing.assert_close(edges((image - 0.3) / 0.5), edges(image) / 0.5), "edges know no mean grey"


# MIM and cMIM


def loop_mim(method, view, noise):
    """The objective for given noise, image by image; the contrast by its own loop."""
    mean, log_variance = (part.double() for part in method.code(method.encoder(view)))
    z = mean + noise.double() * (log_variance / 2).exp()
    made_again = method.output(method.hidden(z.float())).double()
    total = 0.0
    for i in range(len(view)):
        q, prior, likelihood = 0.0, 0.0, 0.0
        for d in range(z.shape[1]):
            variance = math.exp(log_variance[i, d])
            q += -0.5 * (math.log(2 * math.pi * variance) + float(z[i, d] - mean[i, d]) ** 2 / variance)
            prior += -0.5 * (math.log(2 * math.pi) + float(z[i, d]) ** 2)
        for x, again in zip(view[i].flatten().tolist(), made_again[i].flatten().tolist(), strict=True):
            likelihood += -0.5 * (math.log(2 * math.pi) + (x - again) ** 2)
        total -= likelihood + 0.5 * (q + prior)
        if isinstance(method, CMIM):
            u = [unit(row) for row in z.tolist()]
            g = [math.exp(dot(u[i], other) / method.temperature) for other in u]
            others = [value for j, value in enumerate(g) if j != i]
            total -= math.log(g[i] / (g[i] + sum(others) / len(others)))
    return total / view.numel()


@pytest.mark.parametrize("cls", [MIM, CMIM])
def test_mim_and_cmim_equal_the_slow_loops(cls):
    method, data = made(cls, batch_norm=False, latent_dim=5), batch(("full",))
    torch.manual_seed(4)
    noise = torch.randn(SIZE, 5)
    torch.manual_seed(4)
    found = method.loss(data).item()
    with torch.no_grad():
        assert found == pytest.approx(loop_mim(method, data.views[0], noise), rel=1e-5)


def test_cmims_contrast_does_not_know_the_batch_size_and_vanishes_for_opposite_codes():
    method = CMIM()
    z = pair(6, 4)[0]
    torch.testing.assert_close(method.contrast(z.repeat(1, 2)), method.contrast(z))
    same = torch.ones(3, 4)
    torch.testing.assert_close(method.contrast(same), torch.full((3,), -math.log(2)))
    torch.testing.assert_close(method.contrast(same.repeat(5, 1))[:3], method.contrast(same))
    opposite = torch.tensor([[1.0, 0.0], [-2.0, 0.0]])
    assert float(method.contrast(opposite).abs().max()) < 1e-6


def test_certainty_stops_at_the_lowest_log_variance():
    method = made(MIM, latent_dim=5)
    method.code.linear.bias.data[5:] = -50.0
    mean, log_variance = method.code(torch.randn(4, FEATURES))
    assert torch.equal(log_variance, torch.full((4, 5), -6.0))
    torch.manual_seed(0)
    spread = (drawn(mean.expand(4, 5).repeat(500, 1), log_variance.repeat(500, 1)) - mean.repeat(500, 1)).std()
    assert spread.item() == pytest.approx(math.exp(-3), rel=0.05)


def test_informative_embeddings_are_hidden_states_of_the_decoder_and_features_the_code():
    method = made(CMIM, latent_dim=5).eval()
    images = batch(("full",)).views[0]
    features, further = method.features(images), method.further_features(images)
    assert features.shape == (SIZE, 5)
    torch.testing.assert_close(features, method.code.linear(method.encoder(images))[:, :5])
    assert further["informative"].shape == (SIZE, 8 * 16)
    torch.testing.assert_close(further["informative"], method.further_features(images)["informative"])


# MRDD


def test_masks_hide_whole_patches_of_each_image_by_its_own_draw():
    torch.manual_seed(0)
    hidden = masked(torch.ones(40, 2, 9, 8), 2, 0.7) == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1]), "in all channels"
    patches = hidden[:, 0, :8].unflatten(1, (4, 2)).unflatten(3, (4, 2)).transpose(2, 3).flatten(3)
    assert torch.equal(patches.all(3), patches.any(3))
    corners = hidden[:, 0, ::2, ::2]
    assert corners.flatten(1).sum(1).tolist() == [int(0.7 * 20)] * 40
    assert len({tuple(row) for row in corners.flatten(1).tolist()}) > 30
    assert torch.equal(masked(torch.ones(2, 1, 4, 4), 2, 0.0), torch.ones(2, 1, 4, 4))


def test_mrdds_first_stage_is_a_masked_vae_of_both_views():
    method, data = made(MRDD, batch_norm=False, kl_weight=0.3, **METHODS[MRDD]), batch(("full",))
    torch.manual_seed(5)
    found = method.loss(data).item()
    torch.manual_seed(5)
    view = data.views[0]
    first, second = masked(view, 2, 0.8), masked(edges(view), 2, 0.8)
    with torch.no_grad():
        joined = torch.cat([method.encoder(first), method.encoder(second)], 1)
        mean, log_variance = method.code.linear(joined).double().chunk(2, 1)
        c = mean + torch.randn(SIZE, 3).double() * (log_variance / 2).exp()
        again = [decoder(c.float()).double() for decoder in method.decoders]
    expected = 0.0
    for i in range(SIZE):
        for whole, made_again in zip((view, edges(view)), again, strict=True):
            expected += float(((whole[i].double() - made_again[i]) ** 2).sum())
        for m, v in zip(mean[i].tolist(), log_variance[i].tolist(), strict=True):
            expected += 0.3 * 0.5 * (m * m + math.exp(v) - 1 - v)
    assert found == pytest.approx(expected / view.numel(), rel=1e-4)


def test_mrdds_stages_train_different_parts_and_the_shared_encoder_stays_as_it_was():
    method, data = made(MRDD, **METHODS[MRDD]), batch(("full",))
    method.loss(data).backward()
    later = [method.specific_encoder, method.specific_code, method.specific_decoder, method.estimator]
    assert all(gradient_free(part) for part in later)
    assert not any(gradient_free(part) for part in (method.encoder, method.code, method.decoders))
    step(method, data)
    method.stage = 1
    kept = {k: v.clone() for k, v in method.state_dict().items() if k.startswith(("encoder", "code", "decoders"))}
    step(method, data)
    assert all(gradient_free(part) for part in (method.encoder, method.code, method.decoders))
    assert not any(gradient_free(part) for part in later)
    assert all(torch.equal(method.state_dict()[name], value) for name, value in kept.items())


def test_mrdd_is_evaluated_by_both_codes():
    method, images = made(MRDD, **METHODS[MRDD]).eval(), batch(("full",)).views[0]
    further = method.further_features(images)
    assert {name: value.shape[1] for name, value in further.items()} == {"consistent": 3, "specific": 4}
    torch.testing.assert_close(method.features(images), torch.cat([further["consistent"], further["specific"]], 1))


def test_the_bound_equals_loops_and_moves_codes_while_the_misfit_moves_the_estimator():
    torch.manual_seed(0)
    estimator = CLUB(4, 3, 8)
    s, c = torch.randn(SIZE, 4, requires_grad=True), torch.randn(SIZE, 3, requires_grad=True)
    torch.manual_seed(1)
    bound = estimator.bound(s, c)
    torch.manual_seed(1)
    order = torch.randperm(SIZE).tolist()
    mean, log_variance = (part.tolist() for part in estimator(s))
    expected, misfit = 0.0, 0.0
    for i in range(SIZE):
        for d in range(3):
            variance = math.exp(log_variance[i][d])
            errors = [(c[j, d].item() - mean[i][d]) ** 2 / variance for j in (i, order[i])]
            expected += (errors[1] - errors[0]) / 2 / SIZE
            misfit += (errors[0] + log_variance[i][d]) / SIZE
    assert bound.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert estimator.misfit(s, c).item() == pytest.approx(misfit, rel=1e-4)
    bound.backward()
    assert gradient_free(estimator) and s.grad.any()
    s.grad = c.grad = None
    estimator.misfit(s, c).backward()
    assert s.grad is None and c.grad is None and not gradient_free(estimator)


def test_the_bound_is_larger_for_codes_that_share_something():
    torch.manual_seed(0)
    s, noise = torch.randn(256, 2), torch.randn(256, 2)
    found = []
    for c in (s + 0.1 * noise, noise):
        estimator = CLUB(2, 2, 16)
        descend(estimator, lambda estimator=estimator, c=c: estimator.misfit(s, c), 200, 0.05)
        found.append(estimator.bound(s, c).item())
    assert found[0] > 1 > 0.5 > abs(found[1])


# SepCLR


def loop_sepclr(c, s, target, weights, tau):
    c = [[unit(row) for row in view.double().tolist()] for view in c]
    s = [view.double().tolist() for view in s]
    size, (salient_weight, background_weight, joint_weight) = len(target), weights
    fixed = [[row if t else [0.0] * len(row) for row, t in zip(view, target, strict=True)] for view in s]

    def apart(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def kernel(a, b):
        return math.exp(-apart(a, b) / (2 * tau))

    def uniform(view):
        values = [kernel(view[i], view[j]) for i in range(size) for j in range(i)]
        return math.log(sum(values) / len(values))

    common = sum(apart(a, b) for a, b in zip(*c, strict=True)) / (2 * tau) / size
    common += 2 * (uniform(c[0]) + uniform(c[1])) / 2
    chosen = [i for i in range(size) if target[i]]
    salient = sum(apart(s[0][i], s[1][i]) for i in chosen) / (2 * tau) / len(chosen)
    salient += 2 * (uniform(fixed[0]) + uniform(fixed[1])) / 2
    background = 0.0
    others = [i for i in range(size) if not target[i]]
    for view in s:
        background += sum(dot(view[i], view[i]) for i in others) / (2 * tau) / len(others) / 2
    joint = 0.0
    for a, b in zip(c, fixed, strict=True):
        for i in range(size):
            joint += math.log(sum(kernel(a[i], a[j]) * kernel(b[i], b[j]) for j in range(size)) / size) / size / 2
    return common + salient_weight * salient + background_weight * background + joint_weight * joint


def test_sepclr_equals_the_slow_loops():
    method = SepCLR(salient_weight=3.0, background_weight=2.0, joint_weight=0.7, tau=0.4)
    c, s = list(pair(7, 4)), [0.7 * z for z in pair(7, 3, seed=8)]
    target = torch.tensor([True, False, True, True, False, False, True])
    found = method.separated([nn.functional.normalize(z) for z in c], s, target).item()
    assert found == pytest.approx(loop_sepclr(c, s, target.tolist(), (3.0, 2.0, 0.7), 0.4), rel=1e-5)


def test_sepclr_reads_of_labels_only_whether_they_are_the_last_class():
    losses = []
    for labels in ([0, 1, 2] * 4, [1, 0, 2] * 4, [2, 0, 1] * 4):
        method, data = made(SepCLR), batch()
        data.labels = torch.tensor(labels)
        losses.append(method.loss(data).item())
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("label", [0, 2])
def test_sepclr_survives_batches_without_background_or_targets(label):
    method, data = made(SepCLR), batch()
    data.labels = torch.full((SIZE,), label)
    method.loss(data).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_background_reaches_the_salient_encoder_only_as_length():
    s = [z.requires_grad_() for z in pair(6, 3)]
    c = [nn.functional.normalize(z) for z in pair(6, 3, seed=4)]
    target = torch.tensor([True, True, True, False, False, False])
    SepCLR(background_weight=0.0).separated(c, s, target).backward()
    assert not s[0].grad[3:].any() and s[0].grad[:3].all()


def test_uniformity_leaves_out_each_image_with_itself():
    assert float(uniformity(log_kernel(torch.zeros(4, 2), 0.5))) == pytest.approx(0.0, abs=1e-6)
    far = torch.tensor([[0.0, 0.0], [30.0, 40.0]])
    assert float(uniformity(log_kernel(far, 0.5))) == pytest.approx(-2500.0)


# PixPro


def loop_near(boxes, height, width, threshold):
    """Whether the centres of cells i and j of two crops are near, by walking over pixels' coordinates."""
    centres, diagonals = [], []
    for top, left, tall, wide, mirrored in boxes:
        here = []
        for row in range(height):
            for column in range(width):
                place = width - 1 - column if mirrored else column
                here.append((top + (row + 0.5) * tall / height, left + (place + 0.5) * wide / width))
        centres.append(here)
        diagonals.append(math.hypot(tall / height, wide / width))
    return [[math.dist(a, b) / max(diagonals) < threshold for b in centres[1]] for a in centres[0]]


def random_boxes(size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(size, 5, generator=generator)
    low = torch.tensor([0.0, 0.0, 4.0, 4.0, 0.0])
    boxes = low + numbers * torch.tensor([3.0, 3.0, 5.0, 5.0, 0.0])
    boxes[:, 4] = (numbers[:, 4] > 0.5).float()
    return boxes


def test_pixpro_equals_the_slow_loops():
    method, data = made(PixPro, batch_norm=False, threshold=0.9, gamma=1.7), batch()
    data.boxes = [random_boxes(SIZE, 1), random_boxes(SIZE, 2)]
    method.slow[1][0].weight.data.mul_(1.5)
    with torch.no_grad():
        # head before transform, with the batch statistics of both crops together
        x = method.projector(method.encoder.layers(torch.cat(data.views))[-1])
        g = method.transform(x)
        keys = method.slow[1](method.slow[0].layers(torch.cat(data.views))[-1])
    side = x.shape[2]

    def rows(maps, view, i):
        return [unit(row) for row in maps[view * SIZE + i].double().flatten(1).T.tolist()]

    total = 0.0
    for i in range(SIZE):
        near = loop_near([box[i].double().tolist() for box in data.boxes], side, side, 0.9)
        for view in (0, 1):
            here, values, there = rows(x, view, i), rows(g, view, i), rows(keys, 1 - view, i)
            found = []
            for a, cell in enumerate(here):
                weights = [max(dot(cell, other), 0) ** 1.7 for other in here]
                y = unit([sum(w * v[d] for w, v in zip(weights, values, strict=True)) for d in range(len(values[0]))])
                for b, key in enumerate(there):
                    if near[a][b] if view == 0 else near[b][a]:
                        found.append(dot(y, key))
            total -= sum(found) / max(len(found), 1) / SIZE
    assert method.loss(data).item() == pytest.approx(total, rel=1e-3)


def test_cells_of_one_crop_are_near_themselves_and_mirroring_turns_the_rows_round():
    whole = torch.tensor([[2.0, 1.0, 8.0, 12.0, 0.0]])
    mirrored = torch.tensor([[2.0, 1.0, 8.0, 12.0, 1.0]])
    (a, diagonal), (b, _) = places(whole, 2, 3), places(mirrored, 2, 3)
    near = torch.cdist(a, a) < 0.7 * diagonal[:, None, None]
    assert torch.equal(near[0], torch.eye(6, dtype=torch.bool))
    turned = torch.cdist(a, b) < 0.7 * diagonal[:, None, None]
    assert torch.equal(turned[0].nonzero()[:, 1], torch.tensor([2, 1, 0, 5, 4, 3]))
    assert a[0, 0].tolist() == [4.0, 3.0] and diagonal.item() == pytest.approx(math.hypot(4, 4))


def test_crops_apart_have_no_pairs_and_cost_nothing():
    y = nn.functional.normalize(torch.randn(2, 4, 3), dim=2)
    near = torch.zeros(2, 4, 4, dtype=torch.bool)
    assert agreement(y, y, near).item() == 0
    near[0] = torch.eye(4, dtype=torch.bool)
    assert agreement(y, y, near).item() == pytest.approx(0.5), "a mean over images, with and without pairs"


def test_propagation_with_a_high_power_is_the_cell_itself():
    method = PixPro(gamma=400.0)
    x = nn.functional.normalize(torch.randn(2, 5, 6), dim=2)
    values = torch.randn(2, 5, 6)
    torch.testing.assert_close(method.propagated(x, values), values, atol=1e-4, rtol=1e-4)


def test_pixpros_slow_branch_takes_no_gradient_and_follows_ever_more_slowly():
    method, data = made(PixPro, momentum=0.9), batch()
    method.loss(data).backward()
    assert all(p.grad is None for p in method.slow.parameters())
    assert not any(gradient_free(part) for part in (method.encoder, method.projector, method.transform))
    for progress, share in ((0.0, 0.9), (0.5, 0.95), (1.0, 1.0)):
        method.progress = progress
        before = method.slow[1][0].weight.clone()
        method.projector[0].weight.data += 1.0
        with torch.no_grad():
            method.after_step()
        torch.testing.assert_close(method.slow[1][0].weight, before.lerp(method.projector[0].weight, 1 - share))


# Heads


def test_a_fixed_head_is_nt_xent_of_features_that_count_less_and_less():
    method, (z1, z2) = made(FixedHead, kappa=1.5, temperature=0.5), pair(6, FEATURES)
    weights = torch.tensor([1.5**-i for i in range(FEATURES)])
    torch.testing.assert_close(method.projector(z1), z1 * weights)
    found = method.objective(method.projector(z1), method.projector(z2)).item()
    assert found == pytest.approx(loop_nt_xent(z1 * weights, z2 * weights, 0.5), rel=1e-5)
    assert not list(method.projector.parameters())


def test_no_head_is_simclr_on_features():
    method, data = made(NoHead, batch_norm=False), batch()
    expected = SimCLR().objective(*(method.encoder(view) for view in data.views))
    torch.testing.assert_close(method.loss(data), expected)


# What all share


@EVERY
def test_a_method_restored_from_its_state_trains_on_to_the_same_numbers(cls):
    for stage in range(len(cls.stages)):
        method, other = made(cls, **METHODS[cls]), made(cls, **METHODS[cls])
        for m in (method, other):
            m.progress, m.stage = 0.6, stage
        for seed in (1, 2):
            torch.manual_seed(seed)
            step(method, batch(method.views, seed=seed), 0.01)
        other.load_state_dict(method.state_dict())
        losses = []
        for m in (method, other):
            torch.manual_seed(11)
            losses.append([float(step(m, batch(m.views, seed=seed), 0.01).detach()) for seed in (4, 5)])
        assert losses[0] == losses[1] and all(math.isfinite(loss) for loss in losses[0])


@EVERY
def test_evaluation_needs_all_that_is_kept_and_nothing_else(cls):
    method = made(cls, **METHODS[cls]).eval()
    images = torch.randn(3, 1, 2 * SIDE, 2 * SIDE)
    kept = [name for name in method.state_dict() if not name.startswith(method.training_only)]
    before = method.features(images), method.further_features(images)
    with torch.no_grad():
        for name, value in method.state_dict().items():
            if name not in kept and value.is_floating_point():
                value.fill_(math.nan)
    after = method.features(images), method.further_features(images)
    assert torch.equal(before[0], after[0]) and len(before[0]) == 3
    assert all(torch.equal(before[1][name], after[1][name]) for name in before[1])
    used = {name: p.detach().abs().sum() for name, p in method.named_parameters() if name in kept}
    total = after[0].sum() + sum(value.sum() for value in after[1].values())
    total.backward()
    assert used and all(p.grad is not None for name, p in method.named_parameters() if name in kept)


@EVERY
def test_losses_are_finite_in_half_precision_and_for_two_images(cls):
    for stage in range(len(cls.stages)):
        method = made(cls, **METHODS[cls])
        method.stage = stage
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = method.loss(batch(method.views, size=2))
        loss.backward()
        assert loss.isfinite()
        assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


# Data


def test_every_other_image_carries_its_digit():
    made_up = fashion_mnist_digits.arrays(REPOSITORY)
    items, shapes = fashion_mnist.arrays(REPOSITORY), digits.arrays(REPOSITORY)
    for split in ("train", "test"):
        images, labels = made_up[f"{split}_images"], made_up[f"{split}_labels"]
        plain = items[f"{split}_images"] // 2
        target = labels != 10
        assert target.sum() == len(labels) // 2
        assert np.array_equal(images[~target], plain[~target])
        drawings = {digit: set() for digit in range(10)}
        for drawing, digit in zip(shapes[f"{split}_images"], shapes[f"{split}_labels"], strict=True):
            drawings[digit].add((drawing.repeat(2, 1).repeat(2, 2) // 2).tobytes())
        for i in np.flatnonzero(target)[:100]:
            extra = (images[i, 0].astype(int) - plain[i, 0]).astype(np.uint8)
            rows, columns = (np.flatnonzero(extra.any(axis)) for axis in (1, 0))
            assert len(rows) <= 16 and len(columns) <= 16 and (images[i] >= plain[i]).all()
            windows = (extra[top : top + 16, left : left + 16].tobytes() for top, left in np.ndindex(13, 13))
            assert drawings[labels[i]] & set(windows), "the digit that the label says, somewhere"


def test_the_draws_are_those_of_the_recorded_seed():
    about = datasets.describe("fashion_mnist_digits")
    assert about.classes == (*"0123456789", "none")
    first, second = (fashion_mnist_digits.arrays(REPOSITORY) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    counts = np.bincount(first["train_labels"], minlength=11)
    assert counts[:10].min() > 400 and counts[10] == 5000
