"""Methods that change stages, batches or data: clustering, arrangements, wavelets, styles, and what they are for."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.contract import Batch
from pipeline.modalities.images.datasets import fashion_mnist, fashion_mnist_styles
from pipeline.methods.joint_embedding.adainf import AdaInf
from pipeline.methods.joint_embedding.bss import BSS, standardise
from pipeline.methods.joint_embedding.g_simclr import GSimCLR
from pipeline.methods.joint_embedding.mcl import MCL
from pipeline.methods.joint_embedding.mlcd import MLCD
from pipeline.methods.joint_embedding.scat_simclr import ScatSimCLR
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops import kmeans as clustering
from pipeline.ops.batches import alike, unlike
from pipeline.ops.jigsaw import permutations, shuffled, turned
from pipeline.ops.kmeans import embedded, kmeans, nearest
from pipeline.ops.scattering import Scattering
from tests.method_kit import CONTEXT, SIZE, batch, dot, loop_nt_xent, made, pair, step, unit

EXAMPLES = CONTEXT.train_examples
SCATTERED = {"angles": 4, "width": 6, "blocks": 1, "permutation_count": 5}
SETTINGS = {
    MCL: {"clusters": 3},
    GSimCLR: {},
    AdaInf: {"inflation": 2, "replicas": 3, "latent_dim": 4},
    MLCD: {"centre_count": 7, "positives": 2, "negatives": 0.5},
    ScatSimCLR: SCATTERED,
    BSS: {},
}


class Images:
    """A training set of the kit's size, as methods see it."""

    def __init__(self):
        draws = torch.Generator().manual_seed(3)
        self.images = torch.randint(256, (EXAMPLES, *CONTEXT.image_shape), generator=draws, dtype=torch.uint8)

    def plain(self, images=None):
        for part in (self.images if images is None else images).split(20):
            yield part.float() / 64 - 2

    def to_bytes(self, views):
        return ((views + 2) * 64).round().clamp(0, 255).to(torch.uint8)


def start(method, stage):
    method.stage = stage
    torch.manual_seed(stage)
    with torch.no_grad():
        method.start_stage(stage, Images())
    method.start_epoch(stage)
    return method


def blobs(sizes, apart=20.0, dim=3, seed=0):
    draws = torch.Generator().manual_seed(seed)
    centres = apart * torch.randn(len(sizes), dim, generator=draws)
    labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return centres[labels] + torch.randn(len(labels), dim, generator=draws), labels


# k-means


def test_kmeans_finds_groups_of_very_different_sizes():
    points, labels = blobs([200, 30, 5, 60])
    _, found = kmeans(points, 4, generator=torch.Generator().manual_seed(1))
    pairs = {(int(a), int(b)) for a, b in zip(labels, found, strict=True)}
    assert len(pairs) == 4, "a bijection between groups and clusters"


def test_kmeans_equals_lloyds_algorithm_in_slow_loops():
    torch.manual_seed(5)
    points = torch.randn(60, 2)
    seeds = clustering._plus_plus(points - points.mean(0), 5, torch.Generator().manual_seed(2)) + points.mean(0)
    centres = seeds.double().tolist()
    rows = points.double().tolist()
    for _ in range(60):
        members = [[] for _ in centres]
        for row in rows:
            members[min(range(5), key=lambda k, row=row: math.dist(row, centres[k]))].append(row)
        assert all(members)
        centres = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in members]
    found, labels = kmeans(points, 5, iterations=60, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(found.double(), torch.tensor(centres, dtype=torch.float64), atol=1e-5, rtol=1e-4)
    expected = [min(range(5), key=lambda k, row=row: math.dist(row, centres[k])) for row in rows]
    assert labels.tolist() == expected


def test_kmeans_depends_on_its_generator_alone_and_not_on_the_size_of_chunks(monkeypatch):
    points, _ = blobs([20, 30, 25], apart=1.0)
    first = kmeans(points, 6, generator=torch.Generator().manual_seed(7))
    torch.randn(3)
    monkeypatch.setattr(clustering, "ENTRIES", 17)
    second = kmeans(points, 6, generator=torch.Generator().manual_seed(7))
    assert torch.equal(first[1], second[1])
    torch.testing.assert_close(first[0], second[0])
    torch.manual_seed(7)
    torch.testing.assert_close(kmeans(points, 6)[0], first[0])


def test_a_cluster_without_points_moves_to_the_farthest_point():
    points = torch.tensor([[0.0], [1.0], [2.0], [50.0]])
    labels, distances = torch.tensor([0, 0, 0, 0]), torch.tensor([1.0, 0.0, 1.0, 2400.0])
    centres = clustering._means(points, labels, distances, 2)
    assert centres.tolist() == [[1.0], [50.0]]


def test_kmeans_with_as_many_clusters_as_points_and_with_fewer_distinct_ones():
    points, _ = blobs([3, 3])
    centres, labels = kmeans(points, 6)
    assert sorted(labels.tolist()) == [0, 1, 2, 3, 4, 5]
    torch.testing.assert_close(centres[labels], points, atol=1e-4, rtol=1e-4)
    centres, labels = kmeans(torch.ones(5, 2), 3)
    assert centres.isfinite().all() and len(labels) == 5
    with pytest.raises(ValueError, match="7 clusters of 6 points"):
        kmeans(points, 7)


def test_nearest_lists_the_centres_by_distance():
    torch.manual_seed(1)
    points, centres = torch.randn(11, 4), torch.randn(6, 4)
    for point, places in zip(points, nearest(points, centres, 3).tolist(), strict=True):
        assert places == sorted(range(6), key=lambda k, p=point: float((p - centres[k]).norm()))[:3]


def test_embedding_the_training_set_leaves_running_statistics_alone():
    method = made(SimCLR)
    before = method.encoder.norm.running_mean.clone()
    found = embedded(method.encoder, Images().plain())
    assert method.encoder.training and torch.equal(method.encoder.norm.running_mean, before)
    with torch.no_grad():
        expected = torch.cat([method.encoder.eval()(part) for part in Images().plain()])
    torch.testing.assert_close(found, expected)


# Arrangements of batches


@pytest.mark.parametrize("arrange", [alike, unlike])
def test_an_arrangement_uses_each_example_at_most_once_and_differs_between_epochs(arrange):
    torch.manual_seed(0)
    groups, order = torch.randint(5, (43,)), torch.randperm(43)
    first, second = arrange(order, groups, 6), arrange(order, groups, 6)
    assert len(first) == 42 and len(set(first.tolist())) == 42
    assert first.tolist() != second.tolist()


def test_alike_makes_batches_of_one_group_where_groups_are_large_enough():
    torch.manual_seed(0)
    groups = torch.tensor([0] * 12 + [1] * 6 + [2] * 18)[torch.randperm(36)]
    for part in alike(torch.randperm(36), groups, 6).split(6):
        assert len(set(groups[part].tolist())) == 1
    groups = torch.arange(40) // 10
    mixed = [len(set(groups[part].tolist())) for part in alike(torch.randperm(40), groups, 4).split(4)]
    assert max(mixed) == 2 and mixed.count(2) <= 3, "at most one for each border between groups"


def test_unlike_makes_batches_without_a_group_twice_where_counts_allow():
    torch.manual_seed(0)
    groups = (torch.arange(48) % 8)[torch.randperm(48)]
    for part in unlike(torch.randperm(48), groups, 8).split(8):
        assert len(set(groups[part].tolist())) == 8
    groups = torch.tensor([0] * 20 + [1] * 20 + [2] * 4 + [3] * 4)
    batches = [groups[part].tolist() for part in unlike(torch.randperm(48), groups, 4).split(4)]
    distinct = sorted(len(set(part)) for part in batches)
    assert distinct == [2] * 8 + [4] * 4, "four rounds of all groups, then pairs of the two large ones"


# MCL


def test_mcl_equals_slow_loops_over_the_anchors_own_cell():
    method = made(MCL, **SETTINGS[MCL])
    z = pair(7, 5)
    method.cell = torch.tensor([0, 1, 0, 2, 1, 0, 1])
    views = [[unit(row) for row in view.double().tolist()] for view in z]
    total = 0.0
    for view in (0, 1):
        for i, anchor in enumerate(views[view]):
            positive = math.exp(dot(anchor, views[1 - view][i]) / 0.1)
            others = sum(
                math.exp(dot(anchor, views[other][j]) / 0.1)
                for other in (0, 1)
                for j in range(7)
                if j != i and method.cell[j] == method.cell[i]
            )
            total -= math.log(positive / (positive + others)) / 14
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-5)
    method.cell = torch.arange(7)
    assert method.objective(*z).item() == pytest.approx(0.0, abs=1e-6), "an image alone in its cell costs nothing"
    method.cell = torch.zeros(7)
    assert method.objective(*z).item() == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)


def test_mcl_of_one_stage_is_simclr():
    method, plain = made(MCL, num_stages=1), made(SimCLR)
    assert method.stages == (1.0,) and method.features(batch().views[0]).shape == (SIZE, 10)
    assert float(method.loss(batch()).detach()) == pytest.approx(float(plain.loss(batch()).detach()), rel=1e-6)


def test_each_stage_of_mcl_starts_from_the_same_weights_and_keeps_the_one_before():
    method = made(MCL, **SETTINGS[MCL])
    initial = {name: value.clone() for name, value in method.encoder.state_dict().items()}
    head = {name: value.clone() for name, value in method.projector.state_dict().items()}
    cells = []
    for stage in range(3):
        start(method, stage)
        cells.append(method.cells.clone())
        assert all(torch.equal(method.encoder.state_dict()[name], value) for name, value in initial.items())
        assert all(torch.equal(method.projector.state_dict()[name], value) for name, value in head.items())
        step(method, batch())
        trained = {name: value.clone() for name, value in method.encoder.state_dict().items()}
        if stage < 2:
            start(method, stage + 1)
            kept = method.earlier[stage].state_dict()
            assert all(torch.equal(kept[name], value) for name, value in trained.items())
            assert not torch.equal(kept["convolution.weight"], initial["convolution.weight"])
            method.encoder.load_state_dict(trained)
            method.cells.copy_(cells[-1])
            method.earlier[stage].load_state_dict(initial)
    assert len(set(cells[0].tolist())) == 1 and len(set(cells[1].tolist())) == 3
    coarse = {(int(fine), int(rough)) for fine, rough in zip(cells[2], cells[1], strict=True)}
    assert len(coarse) == len(set(cells[2].tolist())) > 3, "later cells lie inside the earlier ones"


def test_mcls_features_are_those_of_all_its_encoders_and_only_the_last_one_learns():
    method = made(MCL, **SETTINGS[MCL])
    start(method, 0)
    step(method, batch())
    start(method, 1)
    method.loss(batch()).backward()
    assert all(p.grad is None for p in method.earlier.parameters())
    assert float(method.encoder.convolution.weight.grad.abs().sum()) > 0
    method.eval()
    with torch.no_grad():
        found = method.features(batch().views[0])
        parts = [encoder(batch().views[0]) for encoder in (*method.earlier, method.encoder)]
    torch.testing.assert_close(found, torch.cat(parts, 1))
    torch.testing.assert_close(method.further_features(batch().views[0])["first"], parts[0])
    assert not torch.allclose(parts[0], parts[2])


# G-SimCLR


def test_g_simclr_first_learns_to_remove_noise():
    method = start(made(GSimCLR, batch_norm=False, noise=0.5), 0)
    assert method.views == ("plain",)
    (x,) = batch(("full",)).views
    data = Batch([x], torch.zeros(SIZE), torch.arange(SIZE))
    method.decoder.eval()
    torch.manual_seed(4)
    found = method.loss(data)
    torch.manual_seed(4)
    made_up = method.decoder(method.denoiser(x + 0.5 * torch.randn(x.shape))).detach().double()
    assert found.item() == pytest.approx(((made_up - x.double()) ** 2).sum().item() / x.numel(), rel=1e-5)
    found.backward()
    assert method.encoder.convolution.weight.grad is None
    assert float(method.denoiser.convolution.weight.grad.abs().sum()) > 0


def test_g_simclr_then_is_simclr_on_batches_of_different_pseudo_classes():
    method, plain = start(made(GSimCLR), 1), made(SimCLR)
    assert method.views == ("full", "full")
    assert float(method.loss(batch()).detach()) == pytest.approx(float(plain.loss(batch()).detach()), rel=1e-6)
    assert len(set(method.classes.tolist())) == SIZE, "as many as a batch has places"
    torch.manual_seed(0)
    order = torch.randperm(EXAMPLES)
    alone = sum(len(set(method.classes[part].tolist())) for part in method.arrange(order).split(SIZE))
    at_random = sum(len(set(method.classes[part].tolist())) for part in order.split(SIZE))
    assert alone > at_random
    method.stage = 0
    assert torch.equal(method.arrange(order), order)


# AdaInf


def test_adainfs_generator_minimises_the_bound_with_the_best_variance():
    method = start(made(AdaInf, batch_norm=False, **SETTINGS[AdaInf]), 0)
    (x,) = batch(("full",)).views
    method.decoder.eval()
    torch.manual_seed(4)
    found = method.loss(Batch([x], torch.zeros(SIZE), torch.arange(SIZE)))
    torch.manual_seed(4)
    with torch.no_grad():
        codes = method.vae(x).double()
        mean, deviation = codes[:, :4], (codes[:, 4:] / 2).exp()
        decoded = method.decoder((mean + deviation * torch.randn(SIZE, 4)).float()).double()
    prior = torch.distributions.Normal(torch.zeros(4).double(), torch.ones(4).double())
    divergence = torch.distributions.kl_divergence(torch.distributions.Normal(mean, deviation), prior).sum() / SIZE
    error = float(((decoded - x) ** 2).sum()) / x.numel()
    assert found.item() == pytest.approx((32 * math.log(error) + float(divergence)) / 64, rel=1e-4)
    found.backward()
    assert method.encoder.convolution.weight.grad is None
    assert all(float(p.grad.abs().sum()) > 0 for p in method.vae.parameters())


def test_adainf_makes_up_different_images_once_and_serves_them_beside_the_real_ones():
    method = made(AdaInf, **SETTINGS[AdaInf])
    assert method.generated.shape == (2 * EXAMPLES, 1, 8, 8) and method.generated.dtype == torch.uint8
    start(method, 1)
    assert len({row.numpy().tobytes() for row in method.generated}) > EXAMPLES
    images = Images().images
    indices = torch.tensor([0, EXAMPLES - 1, EXAMPLES, 3 * EXAMPLES - 1, 5])
    found = method.fetch(images, indices)
    expected = [images[0], images[-1], method.generated[0], method.generated[-1], images[5]]
    assert torch.equal(found, torch.stack(expected))
    assert torch.equal(found[0], images[0]) and not torch.equal(found[2], images[0])


def test_adainf_draws_real_and_generated_images_in_the_proportion_of_the_pool():
    method = start(made(AdaInf, **SETTINGS[AdaInf]), 1)
    torch.manual_seed(0)
    drawn = [method.arrange(torch.randperm(EXAMPLES)) for _ in range(60)]
    assert all(len(part) == EXAMPLES and part.max() < 3 * EXAMPLES for part in drawn)
    share = float((torch.cat(drawn) < EXAMPLES).float().mean())
    assert share == pytest.approx(3 / 5, abs=0.03)
    for part in drawn:
        assert torch.bincount(part, minlength=3 * EXAMPLES)[EXAMPLES:].max() <= 1, "a generated one is there once"
    method.stage = 0
    assert torch.equal(method.arrange(torch.arange(EXAMPLES)), torch.arange(EXAMPLES))


# MLCD


def test_mlcd_equals_slow_loops():
    torch.manual_seed(2)
    scores = 4 * torch.randn(5, 6)
    right = torch.tensor([[0, 1], [5, 2], [3, 4], [1, 0], [2, 3]])
    kept = torch.tensor([True, False, True, True, False, True])
    total = 0.0
    for row, places in zip(scores.double().tolist(), right.tolist(), strict=True):
        negatives = sum(math.exp(row[k]) for k in range(6) if kept[k] and k not in places)
        total += (math.log(1 + negatives) + math.log(1 + sum(math.exp(-row[k]) for k in places))) / 5
    assert MLCD.disambiguated(scores, right, kept).item() == pytest.approx(total, rel=1e-5)


def test_mlcd_classifies_both_views_among_learned_centres_and_drops_a_share_of_the_negatives():
    method = start(made(MLCD, **{**SETTINGS[MLCD], "negatives": 1.0}), 1)
    z = [view.detach().double() for view in method.embed(batch().views)]
    weights = nn.functional.normalize(method.centres.weight.detach().double())
    total = 0.0
    for view in z:
        for i in range(SIZE):
            cosines = (32 * weights @ nn.functional.normalize(view[i], dim=0)).tolist()
            places = method.nearest[i].tolist()
            total += math.log(1 + sum(math.exp(cosines[k]) for k in range(7) if k not in places))
            total += math.log(1 + sum(math.exp(-cosines[k]) for k in places))
    every = method.loss(batch())
    assert every.item() == pytest.approx(total / (2 * SIZE), rel=1e-4)
    every.backward()
    assert float(method.centres.weight.grad.abs().sum()) > 0
    assert float(method.encoder.convolution.weight.grad.abs().sum()) > 0
    assert all(p.grad is None for p in method.initial.parameters())
    method.negatives = 0.5
    assert method.loss(batch()).item() < every.item()


@pytest.mark.parametrize("renew", [True, False])
def test_mlcd_clusters_with_what_simclr_learned_and_then_starts_anew(renew):
    method, plain = made(MLCD, renew=renew, **SETTINGS[MLCD]), made(SimCLR)
    start(method, 0)
    assert float(method.loss(batch()).detach()) == pytest.approx(float(plain.loss(batch()).detach()), rel=1e-6)
    initial = method.encoder.convolution.weight.detach().clone()
    step(method, batch())
    features = nn.functional.normalize(embedded(method.encoder, Images().plain()))
    start(method, 1)
    torch.manual_seed(1)
    centres, labels = kmeans(features, 7)
    assert torch.equal(method.nearest[:, 0], labels)
    assert torch.equal(method.nearest, nearest(features, centres, 2))
    assert torch.equal(method.encoder.convolution.weight, initial) == renew


# Scattering


def loop_kernel(scale, place, angles):
    """psi as a dictionary of offsets, by its definition."""
    width, frequency, slant = 0.8 * 2**scale, 0.75 * math.pi / 2**scale, 4 / angles
    theta = math.pi * place / angles
    reach = math.ceil(2.5 * width / min(1, slant))
    envelope, wave = {}, {}
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            along, across = x * math.cos(theta) + y * math.sin(theta), y * math.cos(theta) - x * math.sin(theta)
            height = math.exp(-(along**2 + (slant * across) ** 2) / (2 * width**2))
            envelope[y, x] = height * slant / (2 * math.pi * width**2)
            wave[y, x] = complex(math.cos(frequency * along), math.sin(frequency * along))
    beta = sum(envelope[u] * wave[u] for u in envelope) / sum(envelope.values())
    return {u: envelope[u] * (wave[u] - beta) for u in envelope}


def loop_gaussian(scale):
    width = 0.8 * 2**scale
    reach = math.ceil(2.5 * width)
    taps = {
        (y, x): math.exp(-(y * y + x * x) / (2 * width**2))
        for y in range(-reach, reach + 1)
        for x in range(-reach, reach + 1)
    }
    return {u: value / sum(taps.values()) for u, value in taps.items()}


def loop_convolution(image, kernel, stride):
    height, width = len(image), len(image[0])

    def mirrored(place, length):
        place = abs(place)
        return 2 * (length - 1) - place if place >= length else place

    return [
        [
            sum(tap * image[mirrored(i - y, height)][mirrored(j - x, width)] for (y, x), tap in kernel.items())
            for j in range(0, width, stride)
        ]
        for i in range(0, height, stride)
    ]


def loop_scattering(image, angles):
    """Kymatio's order of channels for J = 2."""

    def modulus(rows):
        return [[abs(value) for value in row] for row in rows]

    first = [
        [modulus(loop_convolution(image, loop_kernel(j, t, angles), 2**j)) for t in range(angles)] for j in range(2)
    ]
    maps = [loop_convolution(image, loop_gaussian(1), 4)]
    maps += [loop_convolution(u, loop_gaussian(1), 4) for u in first[0]]
    maps += [loop_convolution(u, loop_gaussian(0), 2) for u in first[1]]
    for u in first[0]:
        for t in range(angles):
            second = modulus(loop_convolution(u, loop_kernel(1, t, angles), 2))
            maps.append(loop_convolution(second, loop_gaussian(0), 2))
    return torch.tensor(maps, dtype=torch.float64)


def test_scattering_equals_slow_direct_convolution():
    torch.manual_seed(0)
    image = torch.randn(9, 11)
    found = Scattering(2, 3)(image[None, None])
    assert found.shape == (1, Scattering(2, 3).channels, 3, 3) == (1, 1 + 6 + 9, 3, 3)
    torch.testing.assert_close(found[0].double(), loop_scattering(image.double().tolist(), 3), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("scales", "angles", "channels"), [(1, 4, 5), (2, 4, 25), (2, 8, 81), (3, 4, 61)])
def test_scattering_counts_its_channels_and_keeps_a_constant_in_the_first(scales, angles, channels):
    found = Scattering(scales, angles)(torch.full((2, 3, 40, 36), 1.7))
    assert found.shape == (2, 3 * channels, math.ceil(40 / 2**scales), math.ceil(36 / 2**scales))
    apart = found.view(2, 3, channels, *found.shape[-2:])
    torch.testing.assert_close(apart[:, :, 0], torch.full_like(apart[:, :, 0], 1.7))
    assert float(apart[:, :, 1:].abs().max()) < 1e-5


def test_scattering_moves_with_the_image_and_forgets_small_moves():
    torch.manual_seed(0)
    wide = torch.randn(1, 1, 64, 64)
    wide = nn.functional.avg_pool2d(wide, 3, 1, 1)
    network = Scattering(2, 4)
    found, moved = network(wide[..., :60]), network(wide[..., 4:])
    torch.testing.assert_close(found[..., 4:-3, 5:11], moved[..., 4:-3, 4:10])
    near = network(wide[..., 1:61])
    changes = [float((a - b).norm() / a.norm()) for a, b in ((wide[..., :60], wide[..., 1:61]), (found, near))]
    assert changes[1] < changes[0] / 2


def test_scattering_sees_the_direction_of_a_wave():
    rows = torch.cos(0.75 * math.pi * torch.arange(32.0))
    for image, place in ((rows.expand(32, 32), 0), (rows[:, None].expand(32, 32), 2)):
        first = Scattering(2, 4)(image[None, None])[0, 1:5].mean((1, 2))
        assert int(first.argmax()) == place and float(first[place]) > 3 * float(first[(place + 2) % 4])


def test_scattering_does_not_push_images_apart_and_has_no_state_of_its_own():
    torch.manual_seed(0)
    network = Scattering(2, 8)
    assert not network.state_dict() and not list(network.parameters())
    for _ in range(5):
        one, other = torch.randn(2, 1, 1, 32, 32)
        # a coefficient stands for the 16 pixels that it averages
        assert 4 * float((network(one) - network(other)).norm()) < float((one - other).norm())


# ScatSimCLR


def test_images_turn_by_their_number_of_quarters():
    images = torch.arange(18.0).view(2, 1, 3, 3)
    found = turned(images, torch.tensor([1, 2]))
    assert found[0, 0].tolist() == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    assert found[1, 0].tolist() == [[17, 16, 15], [14, 13, 12], [11, 10, 9]]


def test_tiles_go_to_their_places():
    torch.manual_seed(0)
    images = torch.randn(3, 2, 10, 8)
    orders = torch.stack([torch.randperm(9) for _ in range(3)])
    found = shuffled(images, orders)
    assert found.shape == (3, 2, 9, 6)
    for b in range(3):
        for p in range(9):
            i, j = divmod(int(orders[b, p]), 3)
            y, x = divmod(p, 3)
            tile = found[b, :, 3 * y : 3 * y + 3, 2 * x : 2 * x + 2]
            assert torch.equal(tile, images[b, :, 3 * i : 3 * i + 3, 2 * j : 2 * j + 2])


def test_permutations_are_distinct_and_far_apart():
    orders = permutations(9, 35)
    assert torch.equal(orders, permutations(9, 35))
    assert (orders.sort(1).values == torch.arange(9)).all()
    agreeing = (orders[:, None] == orders).sum(2) - 9 * torch.eye(35, dtype=torch.int64)
    assert int(agreeing.max()) <= 2


@pytest.mark.parametrize("pretext", ["rotation", "jigsaw"])
def test_scat_simclr_adds_the_guess_of_what_was_done_to_the_first_view(pretext):
    method, data = made(ScatSimCLR, **SCATTERED, pretext=pretext, pretext_weight=0.7), batch()
    method.eval()
    torch.manual_seed(9)
    found = method.loss(data).item()
    torch.manual_seed(9)
    y = torch.randint(4 if pretext == "rotation" else 5, (SIZE,))
    changed = turned(data.views[0], y) if pretext == "rotation" else shuffled(data.views[0], method.orders[y])
    with torch.no_grad():
        rows = method.pretext_head(method.encoder(changed)).double().tolist()
        z = method.embed(data.views)
    guess = sum(math.log(sum(map(math.exp, row))) - row[k] for row, k in zip(rows, y.tolist(), strict=True)) / SIZE
    assert found == pytest.approx(loop_nt_xent(*z, 0.1) + 0.7 * guess, rel=1e-4)
    method.train().loss(data).backward()
    assert all(float(p.grad.abs().sum()) > 0 for p in method.pretext_head.parameters() if p.ndim > 1)
    assert all(float(p.grad.abs().sum()) > 0 for p in method.encoder.parameters() if p.ndim > 1)


def test_scat_simclr_replaces_the_studys_encoder_by_one_for_images_of_any_size():
    method = made(ScatSimCLR, **SCATTERED)
    assert method.encoder.feature_dim == 6
    assert method.features(torch.randn(3, 1, 21, 14)).shape == (3, 6)
    weightless = made(ScatSimCLR, **SCATTERED, pretext_weight=0.0)
    z = weightless.embed(batch().views)
    assert weightless.loss(batch()).item() == pytest.approx(SimCLR().objective(*z).item(), rel=1e-4)


# Batch styles


def numpy_standardised(images, style, ratio):
    """The whole spectrum with frequency 0 in the middle, and the block cut out around it."""
    x = images.double().numpy()
    black = x.min((0, 2, 3), keepdims=True)
    spectra = np.fft.fftshift(np.fft.fft2(x - black), axes=(2, 3))
    amplitude, phase = np.abs(spectra), np.angle(spectra)
    height, width = x.shape[-2:]
    for i in range(height):
        for j in range(width):
            away = abs(i - height // 2) / height, abs(j - width // 2) / width
            if max(away) <= math.sqrt(ratio) / 2:
                amplitude[:, :, i, j] = amplitude[style, :, i, j]
    mixed = np.fft.ifft2(np.fft.ifftshift(amplitude * np.exp(1j * phase), axes=(2, 3)))
    return torch.from_numpy(mixed.real + black)


@pytest.mark.parametrize("ratio", [0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(8, 8), (7, 10)])
def test_a_batch_takes_the_style_of_one_image(ratio, shape):
    torch.manual_seed(0)
    images = torch.randn(5, 2, *shape)
    found = standardise(images, 3, ratio)
    torch.testing.assert_close(found.double(), numpy_standardised(images, 3, ratio), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found[3], images[3], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.mean((2, 3)), images[3].mean((1, 2)).expand(5, 2), atol=1e-5, rtol=1e-4)


def test_light_that_scales_or_lifts_an_image_is_no_longer_seen():
    torch.manual_seed(0)
    image = torch.rand(1, 1, 8, 8)
    batch_of_lights = torch.cat([image, 0.4 * image, 0.7 * image, torch.zeros_like(image)])
    found = standardise(batch_of_lights, 0, 1.0)
    torch.testing.assert_close(found[:3], image.expand(3, 1, 8, 8), atol=1e-5, rtol=1e-4)


def test_bss_without_a_share_of_the_spectrum_is_simclr():
    method, plain = made(BSS, ratio_low=0.0, ratio_high=0.0), made(SimCLR)
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)


def test_bss_contrasts_restyled_views_with_a_style_and_a_share_for_each_view():
    method, data = made(BSS, batch_norm=False), batch()
    torch.manual_seed(9)
    found = method.loss(data).item()
    torch.manual_seed(9)
    views = []
    for view in data.views:
        ratio = 0.02 + 0.18 * float(torch.rand(()))
        views.append(numpy_standardised(view, int(torch.randint(SIZE, ())), ratio).float())
    assert found == pytest.approx(loop_nt_xent(*method.embed(views), 0.1), rel=1e-4)


def test_a_black_batch_stays_finite():
    found = standardise(torch.zeros(3, 1, 8, 8), 1, 0.5)
    assert torch.equal(found, torch.zeros(3, 1, 8, 8))


# Fashion-MNIST in styles


@pytest.fixture(scope="module")
def styles():
    root = Path(__file__).parent.parent
    return fashion_mnist.arrays(root), fashion_mnist_styles.arrays(root)


def test_styles_keep_labels_shapes_and_types(styles):
    plain, styled = styles
    for name, array in plain.items():
        assert styled[name].shape == array.shape and styled[name].dtype == array.dtype
        if name.endswith("labels"):
            assert (styled[name] == array).all()


def test_the_bytes_of_the_styled_images_are_the_recorded_ones(styles):
    digests = {
        name: hashlib.sha256(styles[1][f"{name}_images"].tobytes()).hexdigest()[:16] for name in ("train", "test")
    }
    assert digests == {"train": "f4b8fab97a445a20", "test": "461cca8f892128f3"}


def test_the_tests_style_is_none_of_the_training_styles_and_labels_do_not_tell_it(styles):
    train = fashion_mnist_styles.style_of("train", 10000)
    assert set(fashion_mnist_styles.style_of("test", 2000).tolist()).isdisjoint(train.tolist())
    labels = styles[0]["train_labels"]
    for label in range(10):
        shares = np.bincount(train[labels == label], minlength=4) / (labels == label).sum()
        assert np.abs(shares - 0.25).max() < 0.06


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_styled_pixel_follows_the_formula(split, styles):
    plain, styled = (arrays[f"{split}_images"] for arrays in styles)
    style, side, contrast, ground = fashion_mnist_styles._draws(split, len(plain))
    module = fashion_mnist_styles
    for n in range(8):
        x, k = plain[n, 0].tolist(), style[n]
        for i, j in ((0, 0), (14, 3), (13, 27), (20, 20)):
            square = [(a, b) for a in range(i - 2, i + 3) for b in range(j - 2, j + 3) if 0 <= a < 28 and 0 <= b < 28]
            mean = sum(x[a][b] for a, b in square) // 25
            place = i if module.UPRIGHT[k] else j
            distance = 27 - place if side[n] else place
            value = (module.CONTRAST[k] + int(contrast[n])) * x[i][j] + module.DETAIL[k] * (x[i][j] - mean)
            value += 256 * (module.GROUND[k] + int(ground[n])) + module.SLOPE[k] * distance
            assert styled[n, 0, i, j] == min(255, max(0, value // 256))


# What all share


@pytest.mark.parametrize("cls", SETTINGS)
@pytest.mark.parametrize("stage", [0, 1])
def test_a_method_restored_in_a_stage_trains_on_to_the_same_numbers(cls, stage):
    method, other = made(cls, **SETTINGS[cls]), made(cls, **SETTINGS[cls])
    if len(method.stages) <= stage:
        return
    for earlier in range(stage + 1):
        start(method, earlier)
        before = {name: value.clone() for name, value in method.state_dict().items()}
        for seed in (1, 2):
            torch.manual_seed(seed)
            step(method, batch(_kinds(method), seed=seed))
        assert any(not torch.equal(before[name], value) for name, value in method.state_dict().items())
    other.load_state_dict(method.state_dict())
    other.stage = stage
    other.start_epoch(1)
    losses, orders = [], []
    for m in (method, other):
        torch.manual_seed(11)
        orders.append(m.arrange(torch.randperm(EXAMPLES)).tolist())
        losses.append([float(step(m, batch(_kinds(m), seed=seed)).detach()) for seed in (4, 5)])
        m.eval()
    assert losses[0] == losses[1] and all(map(math.isfinite, losses[0])) and orders[0] == orders[1]
    with torch.no_grad():
        assert torch.equal(*(m.features(batch().views[0]) for m in (method, other)))


def _kinds(method):
    return tuple("full" if kind == "plain" else kind for kind in method.views)


@pytest.mark.parametrize("cls", SETTINGS)
def test_what_evaluation_keeps_is_what_features_need(cls):
    method = made(cls, **SETTINGS[cls])
    prefixes = ("encoder.", "earlier.") if cls is MCL else ("encoder.",)
    kept = [name for name in method.state_dict() if not name.startswith(method.training_only)]
    assert kept and all(name.startswith(prefixes) for name in kept)
    assert sum(method.stages) == pytest.approx(3.0 if cls is MCL else 1.0)
