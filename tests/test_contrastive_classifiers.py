"""Contrastive classifiers: slow losses, what each stage trains, which examples meet in a batch, subclasses."""

import dataclasses
import itertools
import math

import pytest
import torch
from method_kit import CONTEXT, SIDE, SIZE, batch, dot, made, pair, step, unit

from pipeline.errors import UserError
from pipeline.methods.contrastive_classifier.sbcl import SBCL
from pipeline.methods.contrastive_classifier.sup_con_binding import SupConBinding
from pipeline.methods.contrastive_classifier.sup_con_classifier import SupConClassifier
from pipeline.methods.contrastive_classifier.sup_con_relu import SupConReLU
from pipeline.ops.evenly import evenly

METHODS = [SupConClassifier, SupConReLU, SupConBinding, SBCL]
N = CONTEXT.train_examples


class Training:
    """The training set of CONTEXT, of shuffled classes."""

    def __init__(self, labels=None):
        torch.manual_seed(11)
        self.images = torch.randint(0, 256, (N, 1, SIDE, SIDE), dtype=torch.uint8)
        self.labels = torch.arange(N)[torch.randperm(N)] % 3 if labels is None else labels

    def plain(self, images=None):
        for part in (self.images if images is None else images).split(20):
            yield part.float() / 255


def begun(cls, epoch=0, labels=None, **settings):
    method = made(cls, **settings)
    with torch.no_grad():
        method.start_stage(0, Training(labels))
    method.start_epoch(epoch)
    return method


def loop_contrast(z, labels, temperature):
    """SupCon of unit vectors; `temperature` may be one for each anchor."""
    total = 0.0
    for i, anchor in enumerate(z):
        tau = temperature[i] if isinstance(temperature, list) else temperature
        others = [j for j in range(len(z)) if j != i]
        below = sum(math.exp(dot(anchor, z[j]) / tau) for j in others)
        positives = [j for j in others if labels[j] == labels[i]]
        total -= sum(math.log(math.exp(dot(anchor, z[j]) / tau) / below) for j in positives) / len(positives)
    return total / len(z)


def embeddings(method, data):
    with torch.no_grad():
        z = method.embed(torch.cat(data.views)).double()
    return [unit(row) if any(row) else row for row in z.tolist()]


@pytest.mark.parametrize("cls", [SupConClassifier, SupConReLU, SupConBinding])
def test_the_contrast_is_sup_con_of_both_views(cls):
    method, data = begun(cls), batch()
    want = loop_contrast(embeddings(method, data), data.labels.tolist() * 2, 0.1)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)


def test_relu_takes_negative_entries_away_before_normalising_and_nothing_else():
    plain, relu = begun(SupConClassifier), begun(SupConReLU)
    images = batch().views[0]
    z = plain.embed(images)
    assert (z < 0).any()
    torch.testing.assert_close(relu.embed(images), z.clamp_min(0))
    torch.testing.assert_close(relu.features(images), torch.nn.functional.normalize(z.clamp_min(0)))
    assert (relu.features(images) @ relu.features(images).T >= 0).all()
    with torch.no_grad():
        for method in (plain, relu):
            for p in method.projector[-1].parameters():
                p.abs_()
            method.projector[0].bias.fill_(5.0)
    torch.testing.assert_close(relu.loss(batch()), plain.loss(batch()))


def test_embeddings_that_relu_puts_out_have_finite_gradients():
    method = begun(SupConReLU)
    with torch.no_grad():
        method.projector[-1].bias.fill_(-100.0)
    loss = method.loss(batch())
    loss.backward()
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("cls", METHODS)
def test_stage_0_trains_encoder_and_projector_and_stage_1_the_head_alone(cls):
    method = begun(cls)
    method.loss(batch()).backward()
    reached = {name.split(".")[0] for name, p in method.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == {"encoder", "projector"}

    method.zero_grad()
    method.stage = 1
    method.start_epoch(5)
    before = {name: value.clone() for name, value in method.encoder.state_dict().items()}
    data = batch()
    loss = step(method, data)
    assert {name for name, p in method.named_parameters() if p.grad is not None} == {"head.weight", "head.bias"}
    for name, value in method.encoder.state_dict().items():
        assert torch.equal(value, before[name]), name  # running statistics as well
    method.eval()
    logits = torch.nn.functional.linear(method.encoder(data.views[0]), method.head.weight, method.head.bias)
    torch.testing.assert_close(method.logits(method.encoder(data.views[0])), logits)
    assert torch.nn.functional.cross_entropy(logits, data.labels) < loss
    method.stage = 0
    method.train()
    method.start_epoch(0)
    assert method.encoder.training


@pytest.mark.parametrize("cls", METHODS)
def test_stages_share_the_epochs(cls):
    assert cls().stages == (0.75, 0.25)
    assert cls(contrast_share=0.9).stages == pytest.approx((0.9, 0.1))


@pytest.mark.parametrize("cls", METHODS)
def test_the_classifier_sees_all_classes_alike(cls):
    labels = torch.tensor([0] * 40 + [1] * 6 + [2] * 2)
    method = made(cls)
    method.stage = 1
    method.start_stage(1, Training(labels))
    counts = torch.zeros(3)
    places = set()
    for _ in range(100):
        order = method.arrange(torch.randperm(N))
        assert len(order) == N
        counts += torch.bincount(labels[order], minlength=3)
        places |= set(order.tolist())
    assert (counts / counts.sum() - 1 / 3).abs().max() < 0.03
    assert places == set(range(N))


@pytest.mark.parametrize("cls", METHODS)
def test_a_restored_method_goes_on_as_it_was(cls):
    method = begun(cls, epoch=1, interval=1) if cls is SBCL else begun(cls)
    for _ in range(2):
        step(method, batch())
    method.start_epoch(2)
    again = made(cls, **({"interval": 1} if cls is SBCL else {}))
    again.load_state_dict(method.state_dict())
    again.start_epoch(2)
    torch.testing.assert_close(again.loss(batch(seed=7)), method.loss(batch(seed=7)))
    order = torch.randperm(N)
    assert torch.equal(again.arrange(order), method.arrange(order))


@pytest.mark.parametrize("cls", METHODS)
def test_evaluation_needs_only_what_is_kept(cls):
    method = begun(cls)
    step(method, batch())
    kept = {k: v for k, v in method.state_dict().items() if not k.startswith(method.training_only)}
    fresh = made(cls)
    with torch.no_grad():
        for p in fresh.parameters():
            p.zero_()
    fresh.load_state_dict(kept, strict=False)
    images = batch().views[0]
    for m in (method, fresh):
        m.eval()
    torch.testing.assert_close(fresh.features(images), method.features(images))
    torch.testing.assert_close(fresh.logits(fresh.encoder(images)), method.logits(method.encoder(images)))


def test_binding_puts_the_same_example_of_each_class_into_every_batch():
    method = begun(SupConBinding)
    labels = Training().labels
    bound = method.bound.clone()
    assert labels[bound].tolist() == [0, 1, 2]
    first, second = (method.arrange(torch.randperm(N)).view(-1, SIZE) for _ in range(2))
    assert first.shape == second.shape == (N // SIZE, SIZE)
    for row in (*first, *second):
        assert torch.equal(row[-3:], bound)
    fresh = first[:, :-3].flatten()
    assert len(fresh.unique()) == len(fresh) == N // SIZE * (SIZE - 3)
    method.start_stage(1, Training())
    assert torch.equal(method.bound, bound)


def test_binding_needs_room_in_the_batch_and_leaves_out_classes_without_examples():
    method = SupConBinding()
    method.encoder = made(SupConReLU).encoder
    with pytest.raises(UserError, match="batch_size = 3"):
        method.build(dataclasses.replace(CONTEXT, batch_size=3))
    method.build(dataclasses.replace(CONTEXT, class_counts=(24, 0, 24)))
    method.start_stage(0, Training(torch.arange(N) % 2 * 2))
    assert (method.bound % 2).tolist() == [0, 1]


def loop_sbcl(z, labels, subclasses, temperatures, tau, beta):
    size = len(z) // 2
    coarse = 0.0
    for i, anchor in enumerate(z):
        twin, t = (i + size) % len(z), temperatures[labels[i]]
        positives = [
            j for j in range(len(z)) if j == twin or (labels[j] == labels[i] and subclasses[j] != subclasses[i])
        ]
        considered = [j for j in range(len(z)) if j == twin or subclasses[j] != subclasses[i]]
        below = sum(math.exp(dot(anchor, z[j]) / t) for j in considered)
        coarse -= sum(math.log(math.exp(dot(anchor, z[j]) / t) / below) for j in positives) / len(positives)
    return loop_contrast(z, subclasses, tau) + beta * coarse / len(z)


@pytest.mark.parametrize("beta", [0.0, 0.25, 2.0])
def test_sbcl_on_two_levels(beta):
    method, data = begun(SBCL, epoch=10, beta=beta), batch()
    method.subclasses.copy_(torch.arange(N) % 6)  # classes 0, 1, 2 have subclasses {0, 3}, {1, 4}, {2, 5}
    method.temperatures.copy_(torch.tensor([0.1, 0.3, 0.2]))
    z = embeddings(method, data)
    labels, subclasses = data.labels.tolist() * 2, (torch.arange(SIZE) % 6).tolist() * 2
    want = loop_sbcl(z, labels, subclasses, [0.1, 0.3, 0.2], 0.1, beta)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)
    method.loss(data).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_sbcl_is_sup_con_until_the_first_clustering_and_where_no_class_is_split():
    sup_con, data = begun(SupConClassifier).loss(batch()), batch()
    torch.testing.assert_close(begun(SBCL, epoch=9).loss(data), sup_con)
    whole = begun(SBCL, epoch=10, labels=torch.arange(N) % 3, beta=0.0, least=1000)
    assert whole.counts == [1, 1, 1]
    torch.testing.assert_close(whole.loss(data), sup_con)
    assert begun(SBCL, epoch=10).loss(data) != sup_con


@pytest.mark.parametrize(
    "counts, least, want", [((500, 60, 5), 10, [50, 6, 1]), ((500, 60, 20), 10, [25, 3, 1]), ((30, 0, 4), 1, [7, 1, 1])]
)
def test_subclasses_are_as_small_as_the_rarest_class_but_not_smaller_than_the_least(counts, least, want):
    method = SBCL(least=least)
    method.build(dataclasses.replace(CONTEXT, class_counts=counts))
    assert method.counts == want


def clustered(labels, memory, counts):
    method = SBCL(least=4, projection_dim=2)
    method.build(dataclasses.replace(CONTEXT, class_counts=counts))
    method.labels.copy_(labels)
    method.memory.copy_(memory)
    method.cluster(torch.Generator().manual_seed(0))
    return method


def test_clustering_splits_frequent_classes_evenly_and_finds_what_belongs_together():
    torch.manual_seed(5)
    labels = torch.tensor([0] * 32 + [1] * 12 + [2] * 4)[torch.randperm(N)]
    angle = torch.rand(N) * 0.1
    for c, groups in ((0, 8), (1, 3), (2, 1)):
        places = (labels == c).nonzero().squeeze(1)
        angle[places] += (torch.arange(len(places)) % groups) * (6.28 / groups)
    memory = torch.stack([angle.cos(), angle.sin()], 1)
    method = clustered(labels, memory, (32, 12, 4))
    assert method.counts == [8, 3, 1]
    assert torch.bincount(method.subclasses, minlength=12).tolist() == [4] * 12
    for c, numbers in ((0, range(8)), (1, range(8, 11)), (2, [11])):
        assert set(method.subclasses[labels == c].tolist()) == set(numbers)
    ends = [angle[method.subclasses == s].aminmax() for s in range(8, 11)]
    assert all(high - low < 0.2 for low, high in ends)


def test_temperatures_follow_the_spread_of_classes():
    torch.manual_seed(6)
    labels = torch.tensor([0] * 24 + [1] * 20 + [2] * 4)
    angle = torch.randn(N) * torch.tensor([0.9] * 24 + [0.1] * 20 + [0.3] * 4)
    memory = torch.stack([angle.cos(), angle.sin()], 1)
    got = clustered(labels, memory, (24, 20, 4)).temperatures.tolist()
    spread = []
    for c in range(3):
        points = memory[labels == c].double().tolist()
        centre = [sum(p[k] for p in points) / len(points) for k in (0, 1)]
        distance = sum(math.dist(p, centre) for p in points) / len(points)
        spread.append(distance / math.log(len(points) + 10))
    low, middle, high = sorted(spread)
    low, high = low + 0.4 * (middle - low), middle + 0.6 * (high - middle)  # percentiles 20 and 80 of three
    spread = [min(max(d, low), high) for d in spread]
    mean = sum(spread) / 3
    assert got[:2] == pytest.approx([0.1 * spread[0] / mean, 0.1 * spread[1] / mean], rel=1e-4)
    assert got[2] == pytest.approx(0.1) and got[1] < got[0]  # one subclass: the plain temperature


def test_a_collapsed_training_set_gives_finite_temperatures():
    method = clustered(torch.arange(N) % 3, torch.tensor([[1.0, 0.0]]).expand(N, 2), (16, 16, 16))
    assert method.temperatures.isfinite().all() and (method.temperatures > 0).all()


def test_memory_holds_the_embeddings_of_the_last_time_and_is_complete_from_the_start():
    method = begun(SBCL)
    torch.testing.assert_close(method.memory.norm(dim=1), torch.ones(N))
    assert method.encoder.training and not method.encoder.norm.running_mean.any()  # looking changes nothing
    before, data = method.memory.clone(), batch()
    z = torch.tensor(embeddings(method, data), dtype=torch.float32)
    method.loss(data)
    want = torch.nn.functional.normalize(z[:SIZE] + z[SIZE:])
    torch.testing.assert_close(method.memory[:SIZE], want, atol=1e-5, rtol=1e-4)
    assert torch.equal(method.memory[SIZE:], before[SIZE:])
    method.start_epoch(9)
    assert not method.subclasses.any()
    method.start_epoch(10)
    assert method.subclasses.unique().tolist() == [0, 1, 2]


def greedy(points, centres):
    """All pairs from near to far, one at a time; first N // K each, then one more."""
    distances = torch.cdist(points, centres)
    pairs = sorted(itertools.product(range(len(points)), range(len(centres))), key=lambda p: distances[p].item())
    place, sizes = {}, [0] * len(centres)
    for room in (len(points) // len(centres), len(points) // len(centres) + 1):
        start = list(sizes)
        for i, k in pairs:
            if i not in place and sizes[k] < room and (room == len(points) // len(centres) or sizes[k] == start[k]):
                place[i] = k
                sizes[k] += 1
    return [place[i] for i in range(len(points))]


@pytest.mark.parametrize("count, clusters", [(12, 4), (14, 4), (7, 3), (5, 1), (6, 6), (40, 7)])
def test_evenly_joins_the_nearest_pairs_first(count, clusters):
    points, _ = pair(count, 3, seed=count)
    centres, _ = pair(clusters, 3, seed=clusters + 100)
    got = evenly(points, centres)
    assert got.tolist() == greedy(points, centres)
    sizes = torch.bincount(got, minlength=clusters)
    assert sizes.max() - sizes.min() <= 1
