"""Learning from wrong labels: losses against float64 loops, limits, and two-network and staged methods step by step."""

import copy
import dataclasses
import math

import pytest
import torch
from method_kit import CONTEXT, FEATURES, SIDE, Encoder, batch, step
from torch import nn

from pipeline.contract import Batch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.aum import AUM
from pipeline.methods.robust.bootstrapping import Bootstrapping
from pipeline.methods.robust.co_teaching import CoTeaching
from pipeline.methods.robust.gce import GCE
from pipeline.methods.robust.logit_clip import LogitClip
from pipeline.methods.robust.mae import MAE
from pipeline.methods.robust.nce_mae import NCEMAE
from pipeline.methods.robust.nce_rce import NCERCE
from pipeline.methods.robust.rcal import RCAL, outlier_factors

B, K = 9, 5
LOSSES = [GCE, MAE, NCERCE, NCEMAE, Bootstrapping, LogitClip]


def softmax(z):
    total = sum(math.exp(v) for v in z)
    return [math.exp(v) / total for v in z]


def cross_entropy(z, y):
    return -math.log(softmax(z)[y])


def gce(q):
    return lambda z, y: (1 - softmax(z)[y] ** q) / q


def mae(z, y):
    return sum(abs((k == y) - p) for k, p in enumerate(softmax(z)))


def nce(z, y):
    return cross_entropy(z, y) / sum(cross_entropy(z, k) for k in range(len(z)))


def rce(floor):
    return lambda z, y: -sum(p * math.log(1 if k == y else floor) for k, p in enumerate(softmax(z)))


def active_passive(alpha, beta, passive):
    return lambda z, y: alpha * nce(z, y) + beta * passive(z, y)


def bootstrapping(beta):
    def loss(z, y):
        p = softmax(z)
        top = p.index(max(p))
        return -sum((beta * (k == y) + (1 - beta) * (k == top)) * math.log(v) for k, v in enumerate(p))

    return loss


def logit_clip(tau, norm):
    def loss(z, y):
        length = sum(abs(v) ** norm for v in z) ** (1 / norm)
        return cross_entropy([tau * v / length for v in z] if length >= tau else z, y)

    return loss


@pytest.mark.parametrize(
    "method, loss",
    [
        (GCE(), gce(0.7)),
        (GCE(q=0.2), gce(0.2)),
        (MAE(), mae),
        (NCERCE(), active_passive(1, 1, rce(1e-4))),
        (NCERCE(alpha=10.0, beta=0.1, floor=1e-2), active_passive(10, 0.1, rce(1e-2))),
        (NCEMAE(), active_passive(1, 0.5, mae)),
        (NCEMAE(alpha=0.3, beta=2.0), active_passive(0.3, 1.0, mae)),
        (Bootstrapping(), bootstrapping(0.8)),
        (Bootstrapping(beta=0.1), bootstrapping(0.1)),
        (LogitClip(), logit_clip(0.6667, 2)),
        (LogitClip(tau=6.0, norm=3.0), logit_clip(6.0, 3)),
        (LogitClip(tau=5.0), logit_clip(5.0, 2)),
    ],
)
def test_against_loops(method, loss, logits, labels):
    want = sum(loss(z, y) for z, y in zip(logits.tolist(), labels.tolist(), strict=True)) / B
    assert method.objective(logits, labels).item() == pytest.approx(want)
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


def test_limits(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(GCE(q=1e-8).objective(logits, labels), want, rtol=1e-6, atol=0)
    torch.testing.assert_close(GCE(q=1.0).objective(logits, labels), MAE().objective(logits, labels) / 2)
    torch.testing.assert_close(Bootstrapping(beta=1.0).objective(logits, labels), want)
    torch.testing.assert_close(LogitClip(tau=1e3).objective(logits, labels), want)
    same = NCERCE(beta=0.5).objective(logits, labels)
    torch.testing.assert_close(NCEMAE(beta=-0.5 * math.log(1e-4)).objective(logits, labels), same)


@pytest.mark.parametrize("method", [MAE(), NCERCE(), NCEMAE()])
def test_a_symmetric_loss_sums_to_a_constant_over_all_labels(method, logits):
    """The condition under which symmetric noise does not move the minimum; cross-entropy fails it."""
    for loss, constant in ((method, True), (CrossEntropy(), False), (GCE(), False)):
        sums = [sum(loss.objective(z[None], torch.tensor([k])) for k in range(K)) for z in logits]
        assert (float(max(sums) - min(sums)) < 1e-9) is constant


def test_mae_pulls_less_the_less_likely_the_label_and_gce_lies_between(logits, labels):
    z = logits.requires_grad_()
    p = z.detach().softmax(1).gather(1, labels[:, None])
    slope = torch.autograd.grad(CrossEntropy().objective(z, labels), z)[0]
    for method, factor in ((MAE(), 2 * p), (GCE(), p**0.7)):
        torch.testing.assert_close(torch.autograd.grad(method.objective(z, labels), z)[0], factor * slope)


def test_clipping_bounds_the_loss_keeps_short_logits_and_the_decision(logits):
    method = LogitClip(tau=2.0)
    clipped = method.clip(100 * logits)
    torch.testing.assert_close(clipped.norm(dim=1), torch.full((B,), 2.0, dtype=torch.float64))
    assert clipped.argmax(1).equal(logits.argmax(1))
    short = logits / logits.norm(dim=1, keepdim=True)
    torch.testing.assert_close(method.clip(short), short)
    low, high = (math.log(1 + (K - 1) * math.exp(sign * 4)) for sign in (-1, 1))
    for scale in (1.0, 1e3):
        for y in range(K):
            assert low < method.objective(scale * logits, torch.full((B,), y)).item() < high


def test_extreme_logits_have_finite_losses_and_gradients():
    for method in [cls() for cls in LOSSES]:
        for z in (torch.zeros(2, K), 500 * torch.eye(K)[:2], -500 * torch.eye(K)[:2]):
            z.requires_grad_()
            loss = method.objective(z, torch.tensor([0, 3]))
            (slope,) = torch.autograd.grad(loss, z)
            assert loss.isfinite() and slope.isfinite().all()


def made(cls, context=CONTEXT, **settings):
    torch.manual_seed(1)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(context)
    return method.train()


@pytest.mark.parametrize("cls", LOSSES)
def test_a_new_order_of_classes_changes_nothing_and_gradients_reach_encoder_and_head(cls, logits, labels):
    order = torch.tensor([3, 1, 4, 0, 2])
    method = made(cls)
    torch.testing.assert_close(
        method.objective(logits[:, order], order.argsort()[labels]), method.objective(logits, labels)
    )
    method.loss(batch(["full"])).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.encoder.parameters())
    assert method.head.weight.grad.abs().sum() > 0


def restored(method, like):
    """`like` with the state that a checkpoint would hold."""
    like.load_state_dict({name: value.clone() for name, value in method.state_dict().items()})
    like.stage, like.progress = method.stage, method.progress
    return like


def needed(method):
    """The state that evaluation is given."""
    return {name for name in method.state_dict() if not name.startswith(method.training_only)}


def classified(method):
    return {name for name in method.state_dict() if name.startswith(("encoder.", "head."))}


# co-teaching


def test_co_teaching_trains_each_on_what_the_other_finds_easy():
    method = made(CoTeaching, noise_rate=0.5)
    method.progress = 0.9
    data = batch(["full"])
    ours = method.head(method.encoder(data.views[0])).double().tolist()
    theirs = method.peer(data.views[0]).double().tolist()
    costs = [[cross_entropy(z, y) for z, y in zip(rows, data.labels.tolist(), strict=True)] for rows in (ours, theirs)]
    easy = [sorted(range(12), key=cost.__getitem__)[:6] for cost in costs]
    assert set(easy[0]) != set(easy[1])
    want = sum(costs[0][i] for i in easy[1]) / 6 + sum(costs[1][i] for i in easy[0]) / 6
    assert method.loss(data).item() == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize(
    "progress, gradual, count", [(0.0, 0.2, 100), (0.1, 0.2, 80), (0.2, 0.2, 60), (0.9, 0.2, 60), (0.0, 0.0, 60)]
)
def test_co_teaching_forgets_gradually_up_to_the_noise_rate(progress, gradual, count):
    method = CoTeaching(noise_rate=0.4, gradual=gradual)
    method.progress = progress
    assert method.kept(100) == count
    assert CoTeaching(noise_rate=1.0, gradual=0.0).kept(100) == 1


def test_co_teaching_without_forgetting_is_two_separate_trainings():
    method = made(CoTeaching, noise_rate=0.0)
    alone = made(CrossEntropy)
    alone.load_state_dict({name: value.clone() for name, value in method.state_dict().items() if "peer" not in name})
    for seed in (2, 3):
        step(method, batch(["full"], seed=seed))
        step(alone, batch(["full"], seed=seed))
    for name, value in alone.state_dict().items():
        torch.testing.assert_close(method.state_dict()[name], value)
    assert needed(method) == classified(method) == set(alone.state_dict())


def test_co_teaching_peer_is_another_draw_of_the_same_weights():
    method = made(CoTeaching)
    ours = nn.Sequential(method.encoder, method.head)
    for a, b in zip(ours.parameters(), method.peer.parameters(), strict=True):
        torch.testing.assert_close(a.flatten().sort().values, b.flatten().sort().values)
    assert not ours[1].weight.equal(method.peer[1].weight)
    assert not ours[0].convolution.weight.equal(method.peer[0].convolution.weight)
    like = restored(method, made(CoTeaching))
    assert like.loss(batch(["full"])).item() == method.loss(batch(["full"])).item()


# area under the margin


def kept_margins(method, rows):
    """Record logits by hand: rows of (logits, label) of examples 0, 1, ..., one epoch each."""
    for epoch in rows:
        z = torch.tensor([row for row, _ in epoch])
        y = torch.tensor([label for _, label in epoch])
        method.record(z, y, torch.arange(len(epoch)))


CASE = dataclasses.replace(CONTEXT, train_examples=6, num_classes=2)


def test_aum_of_logits_by_hand():
    """Four examples of two classes and, in class 2, two threshold examples (4 and 5)."""
    method = made(AUM, CASE, rounds=1)
    method.stage = 0
    method.fake.copy_(torch.tensor([[False, False, False, False, True, True]]))
    kept_margins(
        method,
        [
            [([9.0, 0, 0], 0)] * 4 + [([9.0, 0, 0], 2)] * 2,  # the first epoch does not count
            [
                ([3.0, 1, 0], 0),
                ([3.0, 1, 0], 1),
                ([0.0, 1, 4], 1),
                ([2.0, 2, 0], 0),
                ([1.0, 0, 0], 2),
                ([4.0, 0, 1], 2),
            ],
            [
                ([5.0, 1, 0], 0),
                ([6.0, 1, 0], 1),
                ([0.0, 3, 2], 1),
                ([2.0, 0, 0], 0),
                ([0.0, 0, 1], 2),
                ([0.0, 2, 1], 2),
            ],
        ],
    )
    # margins: 2, 4 | -2, -5 | -3, 1 | 0, 2 and of the threshold examples -1, 1 | -3, -1
    aum = [3.0, -3.5, -1.0, 1.0, 0.0, -2.0]
    torch.testing.assert_close(method.sums / 2, torch.tensor([aum]))
    for percentile, limit, suspects in ((100.0, 0.0, [1, 2]), (25.0, -1.5, [1]), (0.0, -2.0, [1])):
        method.percentile = percentile
        method.judge()
        assert suspects == [i for i in range(4) if aum[i] < limit]
        assert method.suspects().nonzero().flatten().tolist() == suspects
    torch.testing.assert_close(method.label_scores()[:4], torch.tensor(aum[:4]))
    torch.testing.assert_close(method.label_scores()[4:], torch.full((2,), sum(aum[:4]) / 4))


def test_aum_of_two_rounds_agree_where_both_judge():
    method = made(AUM, CASE)
    method.fake.copy_(torch.tensor([[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0]], dtype=torch.bool))
    method.sums.copy_(torch.tensor([[2.0, -2, -2, 2, -3, 0], [4.0, -4, 4, -2, 0, -1]]))
    method.seen.fill_(2)
    method.judge()
    # 4 and 5 are judged once; 2 and 3 only in one of two rounds below the threshold of 0
    assert method.suspects().tolist() == [False, True, False, False, True, True]
    torch.testing.assert_close(method.label_scores(), torch.tensor([3.0, -3, 1, 0, -3, -1]))


def test_aum_takes_a_first_margin_where_there_is_no_second_and_judges_nobody_unseen():
    method = made(AUM, CASE, rounds=1)
    method.fake.copy_(torch.tensor([[False, False, False, False, True, True]]))
    method.judge()
    assert not method.suspects().any() and method.label_scores().equal(torch.zeros(6))
    method.stage = 0
    method.record(torch.tensor([[1.0, 3, 0], [0.0, 0, 2]]), torch.tensor([0, 2]), torch.tensor([1, 4]))
    method.judge()
    assert method.suspects().nonzero().flatten().tolist() == [1]
    torch.testing.assert_close(method.label_scores(), torch.full((6,), -2.0))


def test_aum_threshold_examples_are_as_many_as_a_class_and_others_in_each_round():
    method = made(AUM)
    assert method.fake.sum(1).tolist() == [12, 12]  # 48 examples, 3 classes and one more
    assert not method.fake.all(0).any()
    assert method.stages == (0.25, 0.25, 0.5)
    assert AUM(rounds=1, collecting=0.4).stages == (0.4, 0.6)


def test_aum_loss_has_an_extra_class_until_the_last_stage():
    method = made(AUM)
    data = batch(["full"])
    features = method.encoder(data.views[0])
    extra = torch.cat([method.head(features), method.extra(features)], 1).double().tolist()
    for stage in (0, 1):
        method.stage = stage
        given = [3 if method.fake[stage, i] else int(y) for i, y in enumerate(data.labels)]
        assert 0 < given.count(3) < 12
        want = sum(cross_entropy(z, y) for z, y in zip(extra, given, strict=True)) / 12
        assert method.loss(data).item() == pytest.approx(want, rel=1e-5)
        margins = [z[y] - max(v for k, v in enumerate(z) if k != y) for z, y in zip(extra, given, strict=True)]
        torch.testing.assert_close(method.sums[stage, :12].double(), torch.tensor(margins, dtype=torch.float64))
    method.stage = 2
    sums = method.sums.clone()
    want = nn.functional.cross_entropy(method.head(features), data.labels)
    torch.testing.assert_close(method.loss(data), want)
    assert sums.equal(method.sums) and method.logits(features).shape == (12, 3)


def test_aum_starts_each_stage_anew_and_leaves_suspects_out_of_the_last():
    method = made(AUM)
    start = copy.deepcopy(nn.ModuleList([method.encoder, method.head, method.extra]).state_dict())
    for stage in (0, 1, 2):
        method.stage = stage
        with torch.no_grad():
            method.start_stage(stage, None)
        now = nn.ModuleList([method.encoder, method.head, method.extra]).state_dict()
        assert all(now[name].equal(value) for name, value in start.items())
        order = torch.randperm(48)
        if stage < 2:
            assert method.arrange(order).equal(order)
            for seed in (2, 3):
                step(method, batch(["full"], seed=seed))
            assert not method.head.weight.equal(start["1.weight"])
            assert method.seen[stage].tolist() == [2] * 12 + [0] * 36
    found = torch.zeros(48, dtype=torch.bool)
    found[:30] = True
    method.found.copy_(found)
    arranged = method.arrange(order)
    want = [i for i in order.tolist() if i >= 30]
    assert arranged.tolist() == (want * 3)[:48]
    method.found.fill_(True)
    assert method.arrange(order).equal(order)


def test_aum_resumes_and_keeps_what_evaluation_reads():
    method = made(AUM)
    method.stage = 1
    for seed in (2, 3):
        step(method, batch(["full"], seed=seed))
    like = restored(method, made(AUM))
    for seed in (4, 5):
        assert step(like, batch(["full"], seed=seed)).item() == step(method, batch(["full"], seed=seed)).item()
    assert like.sums.equal(method.sums) and like.seen.equal(method.seen)
    assert needed(method) == classified(method) | {"scores", "found"}


def test_aum_finds_wrong_labels_of_a_separable_set():
    """24 images of three plain kinds, six of them labelled wrongly: a few epochs suffice for the margins to tell."""
    context = dataclasses.replace(CONTEXT, train_examples=24)
    method = made(AUM, context, rounds=1, percentile=60.0)
    kinds = torch.arange(24) % 3
    images = torch.randn(24, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(3)) * 0.1
    images[kinds == 1, :, : SIDE // 2] += 2
    images[kinds == 2, :, :, ::2] += 2
    wrong = torch.arange(24) < 6
    labels = torch.where(wrong, (kinds + 1) % 3, kinds)
    method.stage = 0
    for _ in range(30):
        step(method, Batch([images], labels, torch.arange(24)))
    method.judge()
    own = ~method.fake[0]
    scores = method.label_scores()
    assert scores[own & wrong].max() < scores[own & ~wrong].min()


# RCAL


def rcal(context=CONTEXT, **settings):
    torch.manual_seed(7)
    base = CrossEntropy()
    base.encoder = Encoder()
    base.build(context)
    base.requires_grad_(False).eval()
    return made(RCAL, dataclasses.replace(context, base=base), **settings), base


class Given:
    """A training set of which a method sees images and labels."""

    def __init__(self, labels, seed=4):
        self.images = torch.randn(len(labels), 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        self.labels = labels

    def plain(self, images=None):
        yield from (self.images if images is None else images).split(10)


def started(method, labels=None, seed=4):
    training = Given(torch.arange(48) % 3 if labels is None else labels, seed)
    with torch.no_grad():
        method.start_stage(0, training)
    return training


def loop_outlier_factors(points, neighbours):
    def apart(a, b):
        return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))

    near = [
        sorted((j for j in range(len(points)) if j != i), key=lambda j, p=p: apart(p, points[j]))[:neighbours]
        for i, p in enumerate(points)
    ]
    reach = [apart(points[i], points[near[i][-1]]) for i in range(len(points))]
    density = [
        neighbours / sum(max(apart(points[i], points[j]), reach[j]) for j in near[i]) for i in range(len(points))
    ]
    return [sum(density[j] for j in near[i]) / neighbours / density[i] for i in range(len(points))]


def test_outlier_factors():
    points = torch.randn(20, 3, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    points[4] += 8
    want = loop_outlier_factors(points.tolist(), 5)
    got = outlier_factors(points, 5)
    torch.testing.assert_close(got, torch.tensor(want, dtype=torch.float64))
    assert got.argmax() == 4 and got[4] > 2
    assert outlier_factors(points[:1], 5).tolist() == [1.0]
    torch.testing.assert_close(outlier_factors(points, 50), outlier_factors(points, 19))
    assert outlier_factors(torch.zeros(6, 2), 3).tolist() == pytest.approx([1.0] * 6)


def test_rcal_fits_gaussians_to_what_outliers_leave():
    method, base = rcal(outliers=0.25)
    training = started(method)
    # statistics of batch normalisation are the mean over the chunks, not those of the base
    with torch.no_grad():
        chunks = [base.encoder.convolution(part) for part in training.plain()]
    means = torch.stack([part.mean((0, 2, 3)) for part in chunks]).mean(0)
    torch.testing.assert_close(method.encoder.norm.running_mean, means)
    assert method.encoder.training and method.encoder.norm.momentum == 0.1
    with torch.no_grad():
        features = method.encoder.eval()(training.images)
    torch.testing.assert_close(method.anchors, features)
    spread = sum(float(((features[:, d] - features[:, d].mean()) ** 2).mean()) for d in range(FEATURES))
    assert method.spread.item() == pytest.approx(spread, rel=1e-4)
    for c in range(3):
        members = [i for i in range(48) if i % 3 == c]
        factors = loop_outlier_factors(features[members].double().tolist(), 5)  # 0.3 of 16
        out = sorted(range(16), key=factors.__getitem__)[12:]
        assert method.suspects().nonzero().flatten().tolist().count(members[out[0]]) == 1
        assert {members[i] for i in out} == {i for i in members if method.found[i]}
        left = features[[members[i] for i in range(16) if i not in out]].double()
        torch.testing.assert_close(method.means[c].double(), left.mean(0), rtol=1e-4, atol=1e-6)
        covariance = method.roots[c] @ method.roots[c].T
        torch.testing.assert_close(covariance.double(), left.T.cov(), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(
        method.label_scores()[members].double(), -torch.tensor(factors).double(), rtol=1e-3, atol=0
    )


def test_rcal_tail_classes_borrow_from_the_nearest_head_classes():
    method = RCAL(heads=2, borrowed=0.25)
    means = torch.tensor([[0.0, 0], [4, 0], [0, 9], [1, 0], [0, 0.5]])
    covariances = torch.arange(5.0)[:, None, None] * torch.eye(2)
    got, spread = method.borrow(means, covariances, torch.tensor([50, 40, 60, 4, 3]))
    torch.testing.assert_close(got[:3], means[:3])
    # classes 0 and 1 are nearest to 3; 0 and 1 also to 4, which is as near to 3, itself a tail class
    torch.testing.assert_close(got[3:], torch.tensor([[1.25, 0], [0.5, 0.375]]))
    torch.testing.assert_close(spread[:, 0, 0], torch.tensor([0.0, 1, 2, 2.375, 3.125]))
    same, _ = method.borrow(means, covariances, torch.tensor([50, 40, 60, 45, 30]))
    torch.testing.assert_close(same, means)


def test_rcal_survives_classes_of_one_example_or_none():
    method, _ = rcal()
    started(method, torch.tensor([0] * 47 + [1]))
    assert all(value.isfinite().all() for value in method.state_dict().values())
    assert method.loss(batch(["full"])).isfinite()


def test_rcal_samples_each_class_alike_from_its_gaussian():
    method, _ = rcal()
    started(method)
    torch.manual_seed(0)
    drawn, classes = method.sample(20000)
    for c in range(3):
        mine = drawn[classes == c]
        assert len(mine) == 20000
        covariance = method.roots[c] @ method.roots[c].T
        scale = covariance.diagonal().max()
        assert ((mine.mean(0) - method.means[c]).abs() < 0.05 * scale.sqrt()).all()
        assert ((mine.T.cov() - covariance).abs() < 0.05 * scale).all()


def test_rcal_loss():
    method, _ = rcal(sampling=0.5, anchoring=2.0)
    started(method)
    data = batch(["full"])
    torch.manual_seed(9)
    got = method.loss(data).item()
    torch.manual_seed(9)
    share = float(torch.distributions.Beta(1.0, 1.0).sample())
    others = torch.randperm(12).tolist()
    images = torch.stack([share * data.views[0][i] + (1 - share) * data.views[0][others[i]] for i in range(12)])
    features = method.encoder(images).detach()
    logits, labels = method.head(features).double().tolist(), data.labels.tolist()
    fit = moved = 0.0
    for i in range(12):
        j = others[i]
        fit += share * cross_entropy(logits[i], labels[i]) + (1 - share) * cross_entropy(logits[i], labels[j])
        anchor = share * method.anchors[i] + (1 - share) * method.anchors[j]
        moved += float(((features[i] - anchor) ** 2).sum())
    drawn, classes = method.sample(4)
    clean = (
        sum(cross_entropy(z, int(c)) for z, c in zip(method.head(drawn).double().tolist(), classes, strict=True)) / 12
    )
    want = fit / 12 + 0.5 * clean + 2.0 * moved / 12 / method.spread.item()
    assert got == pytest.approx(want, rel=1e-4)


def test_rcal_leaves_the_base_alone_and_anchoring_holds_the_encoder():
    drift = {}
    for anchoring in (0.0, 100.0):
        method, base = rcal(anchoring=anchoring, sampling=0.0)
        before = copy.deepcopy(base.state_dict())
        started(method)
        for seed in range(8):
            step(method, batch(["full"], seed=seed), 0.01)
        assert all(base.state_dict()[name].equal(value) for name, value in before.items())
        weight = method.encoder.convolution.weight
        assert weight.requires_grad
        drift[anchoring] = (weight - before["encoder.convolution.weight"]).abs().sum().item()
        assert drift[anchoring] > 0
    method, _ = rcal(sampling=1.0, anchoring=0.0)
    started(method)
    method.zero_grad()
    drawn, classes = method.sample(4)
    nn.functional.cross_entropy(method.logits(drawn), classes).backward()
    assert method.head.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in method.encoder.parameters())


def test_rcal_resumes_and_keeps_what_evaluation_reads():
    method, _ = rcal()
    started(method)
    step(method, batch(["full"]))
    like = restored(method, rcal()[0])
    losses = []
    for each in (method, like):
        torch.manual_seed(11)
        losses.append(step(each, batch(["full"], seed=3)).item())
    assert losses[0] == losses[1]
    assert needed(method) == classified(method) | {"factors", "found"}
