"""Several heads, changed features, memories, turned images and gates: slow losses, limits, gradients, state."""

import copy
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.amcl_barlow_twins import AMCLBarlowTwins
from pipeline.methods.joint_embedding.amcl_simclr import AMCLSimCLR
from pipeline.methods.joint_embedding.barlow_twins import BarlowTwins
from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.hydra import Hydra
from pipeline.methods.joint_embedding.pnda import PNDA
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.sup_con import SupCon
from pipeline.methods.momentum_contrast import feature_transformation
from pipeline.methods.momentum_contrast.amcl_moco import AMCLMoCo
from pipeline.methods.momentum_contrast.feature_transformation import FeatureTransformation
from pipeline.methods.momentum_contrast.hallucinator import Hallucinator
from pipeline.methods.momentum_contrast.inter_clr import InterCLR
from pipeline.methods.momentum_contrast.moco_v2 import MoCoV2
from pipeline.ops.online_clusters import OnlineClusters
from tests.method_kit import CONTEXT, SIZE, batch, dot, made, pair, step, unit

MOCO = {"queue_length": 20, "momentum": 0.9, "groups": 3}
INTER = {**MOCO, "cluster_size": 16, "pool": 0.5, "drawn": 0.25}
MOMENTUM = [
    (AMCLMoCo, {**MOCO, "heads": 2}),
    (FeatureTransformation, MOCO),
    (Hallucinator, MOCO),
    (InterCLR, INTER),
]
EVERY = [*MOMENTUM, (AMCLSimCLR, {}), (AMCLBarlowTwins, {}), (PNDA, {}), (Hydra, {})]


class Images:
    """What `start_stage` is given."""

    def __init__(self):
        self.images = torch.zeros(CONTEXT.train_examples, *CONTEXT.image_shape, dtype=torch.uint8)

    def plain(self, images=None):
        torch.manual_seed(7)
        return iter(torch.randn(self.images.shape).split(20))


def begun(cls, **settings):
    """A method at the start of its last stage."""
    method = made(cls, **settings)
    method.stage = len(method.stages) - 1
    with torch.no_grad():
        method.start_stage(method.stage, Images())
    method.start_epoch(0)
    method.progress = 0.5
    return method


def sides(method, data):
    """Queries and keys (B, ...) of a method without batch normalisation, in float64."""
    with torch.no_grad():
        q = method.unit(method.projector(method.encoder(data.views[0])))
        return q.double(), method.unit(method.key_encoder(data.views[1])).double()


def info_nce(positive, negatives, temperature):
    positive, negatives = math.exp(positive / temperature), [math.exp(n / temperature) for n in negatives]
    return -math.log(positive / (positive + sum(negatives)))


# what all have in common


@pytest.mark.parametrize(("cls", "settings"), EVERY)
def test_two_steps_move_the_state_and_a_restored_method_goes_on(cls, settings):
    method = begun(cls, **settings)
    data = batch(method.views)
    before = copy.deepcopy(method.state_dict())
    for _ in range(2):
        assert step(method, data).isfinite()
    moved = {name for name, value in method.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.startswith("encoder.") for name in moved)
    assert any(name.startswith(method.training_only) for name in moved)
    again = made(cls, **settings)
    again.load_state_dict(method.state_dict())
    again.stage, again.progress = method.stage, method.progress
    losses = []
    for one in (method, again):
        one.start_epoch(1)
        torch.manual_seed(4)
        losses.append(step(one, data).item())
    assert losses[0] == losses[1]


@pytest.mark.parametrize(("cls", "settings"), EVERY)
def test_evaluation_needs_the_encoder_alone(cls, settings):
    method = made(cls, **settings)
    kept = [name for name in method.state_dict() if not name.startswith(method.training_only)]
    assert kept and all(name.startswith("encoder.") for name in kept)


@pytest.mark.parametrize(("cls", "settings"), EVERY)
def test_two_images_are_enough_and_float32_is_used_throughout(cls, settings):
    method = begun(cls, **settings)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = method.loss(batch(method.views, size=2))
    loss.backward()
    assert loss.dtype == torch.float32 and loss.isfinite()
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)


@pytest.mark.parametrize(("cls", "settings"), MOMENTUM)
def test_gradient_reaches_the_query_side_and_no_memory(cls, settings):
    method = begun(cls, **settings)
    method.loss(batch()).backward()
    moving = [method.encoder.convolution.weight, *method.projector.parameters()]
    # phi's last bias shifts both sides alike, so its gradient may be small but exists
    moving += [p for name, p in method.named_parameters() if name.startswith(("adaptive", "hallucinator"))]
    assert all(float(p.grad.abs().sum()) > 0 for p in moving)
    assert all(p.grad is None for p in method.key_encoder.parameters())
    assert not any(value.requires_grad for value in method.buffers())


@pytest.mark.parametrize(
    ("cls", "settings"),
    [
        (FeatureTransformation, {"positive_alpha": 0.0, "negative_alpha": 0.0}),
        (Hallucinator, {"weight": 0.0}),
        (InterCLR, {"inter_weight": 0.0, "cluster_size": 16}),
    ],
)
def test_without_its_own_part_a_member_is_moco(cls, settings):
    reference, method, losses = made(MoCoV2, **MOCO), made(cls, **MOCO, **settings), []
    # further modules draw further numbers when they are made
    method.load_state_dict({**method.state_dict(), **reference.state_dict()})
    for one in (reference, method):
        losses.append([])
        for seed in (1, 2):
            data = batch(seed=seed)
            torch.manual_seed(0)
            losses[-1].append(step(one, data).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


# AMCL


def tau(method, a, b):
    """Of the pair of vectors a and b, for any of the AMCL methods' contrast."""
    with torch.no_grad():
        phi_a, phi_b = (method.adaptive.phi(torch.tensor(z, dtype=torch.float32)).double().tolist() for z in (a, b))
    return method.span / (1 + math.exp(dot(phi_a, phi_b))) + method.temperature


def adaptive_pair(method, anchor, positive, negatives):
    """Equation 2.1, with the sum, for one anchor and head."""
    terms = []
    for other in [positive, *negatives]:
        t = tau(method, anchor, other)
        terms.append(dot(anchor, other) / t - method.beta * (len(anchor) / 2 * math.log(t) + 1 / t))
    return -terms[0] + math.log(sum(math.exp(t) for t in terms[1:]))


def test_amcl_simclr_equals_the_slow_loops():
    method = made(AMCLSimCLR, projection_dim=5, heads=3, span=1.3, beta=0.2)
    method.adaptive.phi[2].weight.data.mul_(4)
    torch.manual_seed(3)
    z = torch.randn(7, 15), torch.randn(7, 15)
    total = 0.0
    for c in range(3):
        views = [[unit(row[5 * c : 5 * c + 5]) for row in view.double().tolist()] for view in z]
        for v in (0, 1):
            for i, anchor in enumerate(views[v]):
                negatives = [n for view in views for j, n in enumerate(view) if j != i]
                total += adaptive_pair(method, anchor, views[1 - v][i], negatives) / 14
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_amcl_with_one_head_and_a_fixed_temperature_is_dcl(beta):
    z = pair(9, 6)
    method = made(AMCLSimCLR, heads=1, span=0.0, temperature=0.2, beta=beta)
    torch.testing.assert_close(method.objective(*z), DCL(temperature=0.2).objective(*z))


def test_amcl_moco_equals_the_slow_loops():
    method, data = made(AMCLMoCo, batch_norm=False, **MOCO, heads=2, span=1.3, beta=0.2), batch()
    method.key_encoder[1].heads[0][0].weight.data.mul_(1.5)
    q, k = sides(method, data)
    queue = method.queue.items.double()
    torch.testing.assert_close(queue.view(20, 2, 6).norm(dim=2), torch.ones(20, 2, dtype=torch.float64))
    total = 0.0
    for c in range(2):
        part = slice(6 * c, 6 * c + 6)
        negatives = queue[:, part].tolist()
        for anchor, key in zip(q[:, part].tolist(), k[:, part].tolist(), strict=True):
            total += adaptive_pair(method, anchor, key, negatives) / SIZE
    assert method.loss(data).item() == pytest.approx(total, rel=1e-5)


def test_temperatures_lie_in_their_range_and_are_lower_for_the_more_alike():
    method = made(AMCLSimCLR, heads=1)
    a = nn.functional.normalize(torch.randn(50, 6))
    pairs = [[tau(method, x, y) for y in a.tolist()] for x in a.tolist()]
    between = torch.tensor(pairs)
    assert between.min() >= 0.1 and between.max() <= 2.0
    assert (between.diagonal() <= 1.05 + 1e-6).all(), "phi(z).phi(z) is not negative"
    method.adaptive.beta = 0.0
    phi = method.adaptive.phi(a)
    torch.testing.assert_close(1 / method.adaptive.term(torch.ones(50, 50), phi @ phi.T), between)


def test_amcl_barlow_twins_equals_the_slow_loops():
    settings = {"projection_dim": 4, "projection_hidden": 5, "heads": 2, "span": 1.3, "beta": 0.2}
    method = made(AMCLBarlowTwins, **settings, off_diagonal_weight=0.3)
    torch.manual_seed(3)
    z = torch.randn(9, 8), torch.randn(9, 8)
    total = 0.0
    for c in range(2):
        columns = []
        for view in z:
            part = view.double()[:, 4 * c : 4 * c + 4]
            columns.append(((part - part.mean(0)) / (part.var(0, correction=0) + 1e-5).sqrt()).T.tolist())
        for row, left in enumerate(columns[0]):
            for column, right in enumerate(columns[1]):
                phi = []
                for values in (left, right):
                    with torch.no_grad():
                        phi.append(method.adaptive.phi(torch.tensor(values)[:, None]).double().flatten().tolist())
                t = 1.3 / (1 + math.exp(dot(*phi) / 9)) + 0.1
                correlation, regular = dot(left, right) / 9, 4 / 2 * math.log(t) + 1 / t
                if row == column:
                    total += (1 - correlation / t) ** 2 + 0.2 * regular
                else:
                    total += 0.3 * correlation**2 / t - 0.2 * regular
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-4)


def test_amcl_barlow_twins_with_one_head_and_temperature_1_is_barlow_twins():
    z = pair(9, 6)
    base = made(BarlowTwins).objective(*z).item()
    assert made(AMCLBarlowTwins, heads=1, lowest=1.0, span=0.0, beta=0.0).objective(*z).item() == pytest.approx(base)
    assert made(AMCLBarlowTwins, heads=1, lowest=1.0, span=0.0, beta=0.5).objective(*z).item() == pytest.approx(
        base + 0.5 * (6 - 30), rel=1e-5
    ), "Omega(1) is 1"


def test_the_heads_are_trained_apart():
    method = made(AMCLSimCLR, heads=2)
    first, second = (head[0].weight for head in method.projector.heads)
    assert not torch.equal(first, second)
    z = method.embed(batch().views)
    z[0][:, :6].square().sum().backward()
    assert first.grad.any() and (second.grad is None or not second.grad.any())


# feature transformation and the hallucinator


def test_transformed_features_equal_the_slow_loops(monkeypatch):
    method, data = made(FeatureTransformation, batch_norm=False, **MOCO), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = sides(method, data)
    queue, shares, permutations = method.queue.items.double(), iter([0.3, 0.6]), []
    monkeypatch.setattr(feature_transformation, "share", lambda alpha, like: torch.tensor(next(shares)))
    randperm = torch.randperm
    monkeypatch.setattr(torch, "randperm", lambda n, **kw: permutations.append(randperm(n)) or permutations[-1])
    found = method.loss(data).item()
    mixed = 0.6 * queue + 0.4 * queue[permutations[-1]]
    total = 0.0
    for a, b in zip(q, k, strict=True):
        away, other = 1.3 * a - 0.3 * b, 1.3 * b - 0.3 * a
        total += info_nce(float(away @ other), [float(away @ n) for n in mixed], 0.2) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_extrapolation_makes_the_positive_harder_by_the_closed_form(monkeypatch):
    monkeypatch.setattr(feature_transformation, "share", lambda alpha, like: torch.tensor(0.7))
    q, k = (nn.functional.normalize(z) for z in pair(20, 6))
    seen = []
    monkeypatch.setattr(MoCoV2.__mro__[1], "contrast", lambda self, a, b: seen.append((a, b)))
    FeatureTransformation().contrast(q, k)
    before, after = (q * k).sum(1), (seen[0][0] * seen[0][1]).sum(1)
    torch.testing.assert_close(after, before - 2 * 1.7 * 0.7 * (1 - before))
    assert (after <= before).all()


def test_shares_are_drawn_from_the_beta_distribution():
    torch.manual_seed(0)
    drawn = torch.stack([feature_transformation.share(2.0, torch.zeros(1)) for _ in range(2000)])
    assert drawn.min() > 0 and drawn.max() < 1
    assert float(drawn.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(drawn.var()) == pytest.approx(1 / (4 * 5), abs=0.005)


def test_the_queue_takes_the_keys_as_they_were():
    method, data = made(FeatureTransformation, batch_norm=False, **MOCO), batch()
    _, k = sides(method, data)
    method.loss(data)
    torch.testing.assert_close(method.keys.double(), k, atol=1e-6, rtol=1e-5)


def test_hallucinator_equals_the_slow_loops(monkeypatch):
    method, data = made(Hallucinator, batch_norm=False, **MOCO, reach=0.8, weight=0.7), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = sides(method, data)
    queue, drawn, rand = method.queue.items.double(), [], torch.rand
    monkeypatch.setattr(torch, "rand", lambda *size, **kw: drawn.append(rand(*size, **kw)) or drawn[-1])
    found, total = method.loss(data).item(), 0.0
    first, _, last = method.hallucinator
    for i in range(SIZE):
        beyond = q[i] + 0.8 * float(drawn[-1][i]) * (q[i] - k[i])
        hidden = (first.weight.double() @ beyond + first.bias.double()).clamp_min(0)
        made_up = unit((last.weight.double() @ hidden + last.bias.double()).tolist())
        for query, weight in ((q[i].tolist(), 1.0), (made_up, 0.7)):
            negatives = [dot(query, n) for n in queue.tolist()]
            total += weight * info_nce(dot(query, k[i].tolist()), negatives, 0.2) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


# InterCLR and its memory


def clusters(examples=60, dim=4, count=5, smallest=2):
    torch.manual_seed(2)
    memory = OnlineClusters(examples, dim, count, smallest)
    memory.restart(torch.randn(examples, dim))
    return memory


def test_inter_image_loss_equals_the_slow_loops(monkeypatch):
    method, data = begun(InterCLR, **INTER, margin=-0.3, inter_weight=0.4), batch()
    positives, chosen = [], []
    alike, semi_hard = OnlineClusters.alike, OnlineClusters.semi_hard
    monkeypatch.setattr(OnlineClusters, "alike", lambda *a: positives.append(alike(*a)) or positives[-1])
    monkeypatch.setattr(OnlineClusters, "semi_hard", lambda *a: chosen.append(semi_hard(*a)) or chosen[-1])
    q, k = (nn.functional.normalize(z) for z in pair(SIZE, 6))
    method.places = data.indices
    found, total = method.contrast(q, k).item(), 0.0
    bank, (places, other) = method.memory.features.double(), chosen[0]
    assert places.shape == (SIZE, 6) and int((~other).sum()) < places.numel()
    for i, query in enumerate(q.double()):
        intra = info_nce(float(query @ k[i].double()), [float(query @ n.double()) for n in method.queue.items], 0.2)
        negatives = [float(query @ bank[j]) for j, good in zip(places[i], other[i], strict=True) if good]
        inter = info_nce(float(query @ bank[positives[0][i]]) + 0.3, negatives, 0.2)
        total += (0.6 * intra + 0.4 * inter) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_a_lower_margin_is_less_stringent():
    losses = []
    for margin in (0.0, -0.5):
        method = begun(InterCLR, **INTER, margin=margin)
        torch.manual_seed(0)
        losses.append(method.loss(batch()).item())
    assert losses[1] < losses[0]


def test_negatives_are_near_of_other_clusters_and_positives_of_the_same():
    memory, places = clusters(), torch.arange(60)
    torch.manual_seed(1)
    queries = nn.functional.normalize(torch.randn(60, 4))
    drawn, other = memory.semi_hard(queries, places, 30, 5)
    assert all(len(set(row)) == 5 for row in drawn.tolist()), "without replacement"
    for i in range(60):
        near = sorted(range(60), key=lambda j: -float(queries[i] @ memory.features[j]))[:30]
        assert set(drawn[i].tolist()) <= set(near)
        rest = [j for j in near if memory.labels[j] != memory.labels[i]]
        assert int(other[i].sum()) == min(5, len(rest))
        assert (memory.labels[drawn[i]] != memory.labels[i]).equal(other[i])
    seen = torch.stack([memory.alike(places) for _ in range(200)])
    assert (memory.labels[seen] == memory.labels).all()
    for i in range(60):
        assert set(seen[:, i].tolist()) == set((memory.labels == memory.labels[i]).nonzero().flatten().tolist())


def test_a_pushed_feature_joins_the_cluster_nearest_to_it_and_means_wait_for_renewal():
    memory = clusters()
    means = memory.means.clone()
    new = nn.functional.normalize(torch.randn(3, 4))
    memory.push(torch.tensor([5, 0, 9]), new)
    assert torch.equal(memory.features[[5, 0, 9]], new) and torch.equal(memory.means, means)
    assert memory.labels[[5, 0, 9]].tolist() == [int((means @ f).argmax()) for f in new]
    memory.smallest = 0
    memory.renew()
    for c in range(5):
        torch.testing.assert_close(memory.means[c], memory.features[memory.labels == c].mean(0))


def test_small_clusters_are_dissolved_and_take_part_of_large_ones():
    memory = OnlineClusters(60, 4, 4, smallest=5)
    memory.labels.copy_(torch.tensor([0] * 40 + [1] * 14 + [2] * 4 + [3] * 2))
    memory._average()
    torch.manual_seed(0)
    memory.renew()
    sizes = torch.bincount(memory.labels, minlength=4)
    assert sizes.sum() == 60 and sizes.min() > 0
    # the largest has given to one of the small clusters, the next largest to the other
    assert set(memory.labels[:40].tolist()) in ({0, 2}, {0, 3})
    assert len(set(memory.labels[40:54].tolist())) == 2
    assert memory.means.isfinite().all()


def test_the_memory_takes_the_batchs_keys_after_the_step_and_means_every_ten():
    method, data = begun(InterCLR, **INTER), batch()
    before = method.memory.features.clone()
    method.loss(data)
    keys = method.keys
    assert torch.equal(method.memory.features, before)
    means = method.memory.means.clone()
    with torch.no_grad():
        method.after_step()
    assert torch.equal(method.memory.features[:SIZE], keys)
    assert torch.equal(method.memory.features[SIZE:], before[SIZE:])
    for _ in range(8):
        step(method, data)
    assert torch.equal(method.memory.means, means)
    step(method, data)
    assert not torch.equal(method.memory.means, means)


# PNDA


def loop_pnda(z, agnostic, temperature):
    views = [[unit(row) for row in view.double().tolist()] for view in z]
    total, size = 0.0, len(agnostic)
    for v in (0, 1):
        for i, anchor in enumerate(views[v]):
            others = [(w, j) for w in range(4) for j in range(size) if (w, j) != (v, i)]
            whole = sum(math.exp(dot(anchor, views[w][j]) / temperature) for w, j in others)
            positives = [1 - v, 2, 3] if agnostic[i] else [1 - v]
            for w in positives:
                term = math.exp(dot(anchor, views[w][i]) / temperature) / whole
                total -= math.log(term) / len(positives) / (2 * size)
    return total


def test_turned_views_are_positives_or_negatives_as_in_the_slow_loops():
    torch.manual_seed(3)
    z, agnostic = torch.randn(4, 7, 5), torch.tensor([True, False, True, False, False, True, False])
    assert float(PNDA().contrast(agnostic, *z)) == pytest.approx(loop_pnda(z, agnostic, 0.5), rel=1e-5)


def test_pnda_with_turns_that_change_nothing_is_supervised_contrast_by_image():
    z1, z2 = pair()
    everything = torch.ones(7, dtype=torch.bool)
    expected = SupCon(temperature=0.5).contrast(torch.arange(7).repeat(2), torch.cat([z1, z2]), torch.cat([z2, z1]))
    torch.testing.assert_close(PNDA().contrast(everything, z1, z2, z2, z1), expected)


def test_the_last_two_views_are_turned_by_two_different_angles(monkeypatch):
    method = begun(PNDA)
    data, seen = batch(method.views), []
    monkeypatch.setattr(method, "embed", lambda views: seen.append(views) or [torch.randn(SIZE, 6)] * 4)
    used = set()
    for _ in range(20):
        method.loss(data)
        first, second, *turned = seen[-1]
        assert first is data.views[0] and second is data.views[1]
        turns = tuple(
            next(k for k in range(4) if torch.equal(view.rot90(k, (2, 3)), new))
            for view, new in zip(data.views[2:], turned, strict=True)
        )
        assert 0 not in turns and turns[0] != turns[1]
        used.add(turns)
    assert len(used) > 3


def test_the_predictor_learns_turns_first_and_then_separates_entropies():
    method, images = made(PNDA, batch_norm=False, plain_share=0.25), torch.randn(6, 1, 8, 8)
    with torch.no_grad():
        method.predictor[1].weight.mul_(40)
    for progress in (0.1, 0.7):
        method.progress = progress
        torch.manual_seed(1)
        found = method.prediction(images).item()
        torch.manual_seed(1)
        mirrored, cross, apart, sure = torch.rand(6) < 0.5, [], [], []
        for turn in range(4):
            for image, flip in zip(images, mirrored, strict=True):
                turned = (image.flip(2) if flip else image).rot90(turn, (1, 2))
                p = method.predictor(turned[None]).double().softmax(1)[0].tolist()
                uncertainty = -sum(x * math.log(x) for x in p)
                cross.append(-math.log(p[turn]))
                sure.append(uncertainty < math.log(4) / 2 - 0.2)
                apart.append(max(abs(uncertainty - math.log(4) / 2), 0.2))
        assert 0 < sum(sure) < 24
        if progress < 0.25:
            expected = sum(cross) / 24
        else:
            kept = sum(c for c, good in zip(cross, sure, strict=True) if good) / 24
            expected = kept - 0.2 * (0.7 - 0.25) / 0.75 * sum(apart) / 24
        assert found == pytest.approx(expected, rel=1e-4)


def test_images_on_whose_turns_the_predictor_is_unsure_are_agnostic():
    method = made(PNDA)
    sure = torch.arange(CONTEXT.train_examples) % 3 == 0

    class Predictor(nn.Module):
        """Sure of the turns of images whose first pixel, wherever it is turned to, is not zero."""

        def forward(self, images):
            return 9 * images.amax((1, 2, 3))[:, None] * torch.eye(4)[0]

    class Marked(Images):
        def plain(self, images=None):
            marked = torch.zeros(self.images.shape)
            marked[sure, :, :2, :2] = 1.0
            return iter(marked.split(20))

    method.predictor = Predictor()
    method.stage = 1
    method.start_stage(1, Marked())
    assert torch.equal(method.agnostic, ~sure)


def test_stages_train_the_predictor_alone_and_then_the_encoder_alone():
    method = made(PNDA)
    method.start_epoch(0)
    assert method.views == ("plain",)
    method.loss(batch(("full",))).backward()
    trained = {name.split(".")[0] for name, p in method.named_parameters() if p.grad is not None}
    assert trained == {"predictor"}
    method.zero_grad()
    method.stage = 1
    method.start_epoch(1)
    assert method.views == ("full",) * 4
    method.loss(batch(method.views)).backward()
    trained = {name.split(".")[0] for name, p in method.named_parameters() if p.grad is not None}
    assert trained == {"encoder", "projector"}
    assert sum(method.stages) == pytest.approx(1.0)


# Hydra


def test_gated_contrast_equals_the_slow_loops():
    torch.manual_seed(3)
    z, gates = torch.randn(2, 7, 5), torch.rand(7, 5)
    labels, others = torch.tensor([0, 1, 2, 0, 1, 2, 3]), torch.tensor([0, 2, 0, 3, 1, 1, 2])
    found, total = float(Hydra().contrast(gates, labels, others, *z)), 0.0
    for v in (0, 1):
        for i in range(7):
            gated = {(w, j): unit((gates[i].double() * z[w, j].double()).tolist()) for w in (0, 1) for j in range(7)}
            anchor = gated.pop((v, i))
            whole = sum(math.exp(dot(anchor, other) / 0.1) for other in gated.values())
            alike = [other for (_, j), other in gated.items() if labels[j] in (labels[i], others[i])]
            total -= sum(dot(anchor, other) / 0.1 - math.log(whole) for other in alike) / len(alike) / 14
    assert found == pytest.approx(total, rel=1e-4)


def test_hydra_with_open_gates_is_supervised_contrast_and_with_labels_all_different_simclr():
    z, gates = pair(), torch.full((7, 5), 0.6)
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 3])
    torch.testing.assert_close(Hydra().contrast(gates, labels, labels, *z), SupCon().contrast(labels, *z))
    torch.testing.assert_close(Hydra().contrast(gates, torch.arange(7), torch.arange(7), *z), SimCLR().objective(*z))


def test_a_gate_belongs_to_a_pair_of_classes_in_either_order():
    method = made(Hydra)
    first, second = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2])
    gates = method.gates(first, second)
    torch.testing.assert_close(gates, method.gates(second, first))
    assert ((gates > 0) & (gates < 1)).all() and not torch.allclose(gates[0], gates[1])


def test_gates_are_trained_and_penalised_for_being_half_open():
    method = made(Hydra, penalty=2.0)
    data = batch()
    torch.manual_seed(5)
    with_penalty = method.loss(data)
    with_penalty.backward()
    assert all(float(p.grad.abs().sum()) > 0 for p in (method.classes.weight, *method.gate.parameters()))
    method.penalty = 0.0
    torch.manual_seed(5)
    without = method.loss(data)
    torch.manual_seed(5)
    gates = method.gates(data.labels, data.labels[torch.randperm(SIZE)])
    torch.testing.assert_close(with_penalty - without, 2 * (gates * (1 - gates)).mean())
