"""Mixtures of images, soft targets from other networks, and naive Bayes as a head, against slow loops and limits."""

import copy
import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from sklearn.naive_bayes import GaussianNB

from pipeline.contract import Batch
from pipeline.methods import mixing
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.distillation import Distillation
from pipeline.methods.classifier.naive_bayes_head import NaiveBayesHead
from pipeline.methods.classifier.ps_kd import PSKD
from pipeline.methods.mixing import cutmix
from pipeline.methods.mixing.ada_mixup import AdaMixUp
from pipeline.methods.mixing.cutmix import CutMix
from pipeline.methods.mixing.mixup import Mixup
from pipeline.metrics.representation import naive_bayes
from tests.method_kit import CONTEXT, SIDE, SIZE, Encoder, batch, step

K = CONTEXT.num_classes


def made(cls, batch_norm=True, seed=1, base=None, double=False, **settings):
    torch.manual_seed(seed)
    method = cls(**settings)
    method.encoder = Encoder(batch_norm)
    method.build(dataclasses.replace(CONTEXT, base=base))
    return (method.double() if double else method).train()


def trained(seed=7):
    """A classifier as a run that is built upon gives it: its batch statistics are not those of its initialisation."""
    method = made(CrossEntropy, seed=seed)
    for number in range(3):
        step(method, batch(seed=number))
    return method.eval().requires_grad_(False)


def one_view(seed=2, double=False, size=SIZE):
    data = batch(("full",), size=size, seed=seed)
    return dataclasses.replace(data, views=[data.views[0].double()]) if double else data


class Training:
    """What `start_stage` is given: uint8 images and their labels."""

    def __init__(self, labels=None):
        draws = torch.Generator().manual_seed(3)
        self.images = torch.randint(256, (CONTEXT.train_examples, 1, SIDE, SIDE), generator=draws, dtype=torch.uint8)
        self.labels = torch.arange(CONTEXT.train_examples) % K if labels is None else labels

    def plain(self, images=None):
        for part in (self.images if images is None else images).split(20):
            yield part / 255 - 0.5


def log_softmax(z):
    top = max(z)
    total = top + math.log(sum(math.exp(v - top) for v in z))
    return [v - total for v in z]


def loop_soft_cross_entropy(logits, targets):
    """-sum_k t_k log p_k, averaged over rows."""
    total = 0.0
    for z, t in zip(logits.double().tolist(), targets.double().tolist(), strict=True):
        total -= sum(weight * value for weight, value in zip(t, log_softmax(z), strict=True))
    return total / len(logits)


def fixed(monkeypatch, module, share, order):
    monkeypatch.setattr(module, "share", lambda alpha: share)
    monkeypatch.setattr(module, "partners", lambda images: torch.tensor(order))


ORDER = [3, 0, 2, 5, 1, 4, 11, 6, 10, 7, 9, 8]


@pytest.mark.parametrize("share", [0.3, 0.85])
def test_mixup_against_loops(share, monkeypatch):
    fixed(monkeypatch, mixing.mixup, share, ORDER)
    method, data = made(Mixup, double=True), one_view(double=True)
    x, mixed, targets = data.views[0], torch.empty_like(data.views[0]), torch.zeros(SIZE, K)
    for i, j in enumerate(ORDER):
        mixed[i] = share * x[i] + (1 - share) * x[j]
        targets[i, data.labels[i]] += share
        targets[i, data.labels[j]] += 1 - share
    want = loop_soft_cross_entropy(method.logits(method.encoder(mixed)), targets)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_mixup_is_the_weighted_sum_of_both_labels_losses(monkeypatch):
    """As the authors' code writes it."""
    fixed(monkeypatch, mixing.mixup, 0.3, ORDER)
    method, data = made(Mixup), one_view()
    z = method.logits(method.encoder(method.mix(data.views[0], torch.zeros(SIZE, K))[0]))
    want = 0.3 * F.cross_entropy(z, data.labels) + 0.7 * F.cross_entropy(z, data.labels[ORDER])
    torch.testing.assert_close(method.loss(data), want)


@pytest.mark.parametrize("method", [(Mixup, {"alpha": 0.0}), (CutMix, {"alpha": 0.0}), (CutMix, {"probability": 0.0})])
def test_without_mixing_it_is_cross_entropy(method):
    cls, settings = method
    data = one_view()
    torch.testing.assert_close(made(cls, **settings).loss(data), made(CrossEntropy).loss(data))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_have_the_moments_of_a_beta_distribution(alpha):
    torch.manual_seed(0)
    draws = torch.tensor([mixing.share(alpha) for _ in range(1500)], dtype=torch.float64)
    assert draws.min() >= 0 and draws.max() <= 1
    assert draws.mean().item() == pytest.approx(0.5, abs=0.04)
    assert draws.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.12)


def test_partners_are_a_new_random_order_each_time():
    torch.manual_seed(0)
    first, second = (mixing.partners(torch.zeros(SIZE, 1)) for _ in range(2))
    assert sorted(first.tolist()) == list(range(SIZE)) and not torch.equal(first, second)


def test_cutmix_pastes_one_box_and_shares_the_label_by_pixels():
    """Images of one number each: what a pixel says is whose it is. Height and width differ."""
    images = torch.arange(SIZE, dtype=torch.float32)[:, None, None, None].expand(SIZE, 2, 6, 10)
    targets, shares = torch.eye(SIZE), []
    method = made(CutMix, probability=1.0)
    torch.manual_seed(0)
    for _ in range(60):
        mixed, given = method.mix(images, targets)
        foreign = mixed != images
        kept = 1 - foreign[:, 0].float().mean((1, 2))
        shares.append(kept.amin().item())
        for i in range(SIZE):
            place = foreign[i, 0].nonzero()
            others = mixed[i][foreign[i]].unique().int().tolist()
            assert len(others) <= 1 and torch.equal(foreign[i, 0], foreign[i, 1])
            want = kept[i] * targets[i] + (1 - kept[i]) * targets[others[0] if others else i]
            torch.testing.assert_close(given[i], want)
            if others:
                assert len(place) == (place.amax(0) - place.amin(0) + 1).prod()  # a rectangle
    assert 0 < min(shares) < 0.6 and max(shares) > 0.9


@pytest.mark.parametrize(
    "share, centre, box", [(0.75, (3, 5), (2, 4, 3, 7)), (0.75, (0, 9), (0, 1, 7, 10)), (0.0, (3, 5), (0, 6, 0, 10))]
)
def test_cutmix_box_has_the_root_of_its_share_of_each_side(share, centre, box, monkeypatch):
    fixed(monkeypatch, cutmix, share, ORDER)
    chosen = iter(centre)
    monkeypatch.setattr(torch, "randint", lambda length, shape: torch.tensor(next(chosen)))
    images, targets = torch.arange(SIZE * 60.0).view(SIZE, 1, 6, 10), torch.eye(SIZE)
    mixed, given = made(CutMix, probability=1.0).mix(images, targets)
    top, bottom, left, right = box
    for i, j in enumerate(ORDER):
        want, kept = images[i].clone(), 1 - (bottom - top) * (right - left) / 60
        want[:, top:bottom, left:right] = images[j][:, top:bottom, left:right]
        assert torch.equal(mixed[i], want)
        torch.testing.assert_close(given[i], kept * targets[i] + (1 - kept) * targets[j])
    assert torch.equal(images, torch.arange(SIZE * 60.0).view(SIZE, 1, 6, 10))  # the batch itself is left alone


def test_cutmix_mixes_so_many_batches():
    method, images, targets = made(CutMix, probability=0.3), torch.randn(SIZE, 1, 4, 4), torch.eye(SIZE)
    torch.manual_seed(0)
    untouched = sum(method.mix(images, targets)[0] is images for _ in range(1000))
    assert untouched == pytest.approx(700, abs=50)


def test_cutmix_against_loops(monkeypatch):
    fixed(monkeypatch, cutmix, 0.75, ORDER)
    method, data = made(CutMix, probability=1.0, double=True), one_view(double=True)
    torch.manual_seed(4)
    mixed, targets = method.mix(data.views[0], F.one_hot(data.labels, K).double())
    torch.manual_seed(4)
    want = loop_soft_cross_entropy(method.logits(method.encoder(mixed)), targets)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def ada_mixup(seed=2, size=SIZE, **settings):
    method, data = made(AdaMixUp, double=True, **settings), one_view(seed, double=True, size=size)
    return method, dataclasses.replace(data, labels=torch.arange(size) % K)


@pytest.mark.parametrize("size", [2, 7, SIZE])
def test_ada_mixup_against_loops(size):
    method, data = ada_mixup(size=size)
    images, half = data.views[0], size // 2
    torch.manual_seed(4)
    mixed, targets = method.mix(images, F.one_hot(data.labels, K).double())
    assert len(mixed) == len(targets) == half
    features = method.encoder(torch.cat([images, mixed]))
    logits, scores = method.logits(features), method.discriminator(features)[:, 0].tolist()
    real = loop_soft_cross_entropy(logits[:size], F.one_hot(data.labels, K))
    between = loop_soft_cross_entropy(logits[size:], targets)
    intrusion = sum(math.log1p(math.exp(-s if i < size else s)) for i, s in enumerate(scores)) / (size + half)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx((real + between) / 2 + intrusion, rel=1e-6)


@pytest.mark.parametrize("bias, low, high", [((0.0, 0.0, 0.0), 1 / 3, 2 / 3), ((0.0, 1.0, -2.0), 0.2595, 0.9649)])
def test_ada_mixup_draws_each_share_from_the_policys_interval(bias, low, high):
    """One gamma for an image and its target, in [alpha, alpha + Delta], and a partner from the whole batch."""
    method, images, partners = made(AdaMixUp, double=True), torch.randn(SIZE, 1, SIDE, SIDE).double(), set()
    method.policy[-1].weight.data.zero_()
    method.policy[-1].bias.data.copy_(torch.tensor(bias))
    gammas = []
    torch.manual_seed(0)
    for _ in range(60):
        mixed, targets = method.mix(images, torch.eye(SIZE).double())
        for i, (image, target) in enumerate(zip(mixed, targets, strict=True)):
            (j,) = [n for n in target.nonzero().flatten().tolist() if n != i] or [i]
            partners.add(j)
            torch.testing.assert_close(image, target[i] * images[i] + (1 - target[i]) * images[j])
            gammas += [target[i].item()] * (j != i)
    assert len(partners) == SIZE
    assert low <= min(gammas) < low + 0.02 and high - 0.02 < max(gammas) <= high + 1e-3


def test_ada_mixup_policy_learns_through_images_and_targets():
    """Finite differences: a gradient cut at the images, the targets or the discriminator would show."""
    method, data = ada_mixup()
    with torch.no_grad():
        method.discriminator.weight.mul_(5)

    def loss():
        torch.manual_seed(6)
        return method.loss(data)

    loss().backward()
    bias = method.policy[-1].bias
    for place in range(3):
        with torch.no_grad():
            bias[place] += 1e-5
            above = loss()
            bias[place] -= 2e-5
            below = loss()
            bias[place] += 1e-5
        assert bias.grad[place].item() == pytest.approx((above - below).item() / 2e-5, rel=1e-4, abs=1e-9)
    assert bias.grad.abs().max() > 1e-4
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.parameters() if p.ndim != 1)


def epochs_of(examples=CONTEXT.train_examples - 1):
    """Batches of two epochs that leave the last example out of the first."""
    order = list(range(examples))
    yield 0, [order[start : start + SIZE] for start in range(0, examples - SIZE + 1, SIZE)]
    yield 1, [[*order[:5], CONTEXT.train_examples - 1], order[5:17]]


def indexed(chosen, training):
    images = torch.cat(list(training.plain()))
    index = torch.tensor(chosen)
    return Batch([images[index]], training.labels[index], index)


def test_ps_kd_against_loops():
    training, method = Training(), made(PSKD, alpha_final=0.8)
    method.start_stage(0, training)
    past = {}
    for epoch, batches in epochs_of():
        method.start_epoch(epoch)
        alpha = 0.8 * (epoch + 1) / CONTEXT.epochs
        for chosen in batches:
            data = indexed(chosen, training)
            logits = method.logits(method.encoder(data.views[0])).detach()
            targets = torch.zeros(len(chosen), K, dtype=torch.float64)
            for row, (n, y) in enumerate(zip(chosen, data.labels.tolist(), strict=True)):
                before = past.get(n, [float(k == y) for k in range(K)])
                for k in range(K):
                    targets[row, k] = (1 - alpha) * (k == y) + alpha * before[k]
            for n, z in zip(chosen, logits.double().tolist(), strict=True):
                past[n] = [math.exp(v) for v in log_softmax(z)]
            want = loop_soft_cross_entropy(logits, targets)
            assert step(method, data).item() == pytest.approx(want, rel=1e-5)
        if epoch == 0:
            assert CONTEXT.train_examples - 1 not in past  # its target in the second epoch is its label


def test_ps_kd_begins_as_cross_entropy_and_is_it_for_alpha_0():
    training = Training()
    for settings, epoch in (({}, 0), ({"alpha_final": 0.0}, 1)):
        method, plain = made(PSKD, **settings), made(CrossEntropy)
        method.start_stage(0, training)
        for number in range(2):  # the same examples again, in the first epoch only for alpha = 0
            method.start_epoch(min(number, epoch))
            data = indexed(range(number * SIZE * (1 - epoch), number * SIZE * (1 - epoch) + SIZE), training)
            torch.testing.assert_close(step(method, data), step(plain, data))


def test_ps_kd_targets_take_no_gradient():
    training, method = Training(), made(PSKD)
    method.start_stage(0, training)
    method.start_epoch(1)
    method.past.copy_(torch.rand(CONTEXT.train_examples, K).softmax(1))
    data = indexed(range(SIZE), training)
    before = method.past[:SIZE].clone()
    seen = []
    logits = method.logits

    def watched(features):
        seen.append(logits(features))
        seen[-1].retain_grad()
        return seen[-1]

    method.logits = watched
    method.loss(data).backward()
    target = 0.2 * F.one_hot(data.labels, K) + 0.8 * before
    torch.testing.assert_close(seen[0].grad, (seen[0].softmax(1) - target).detach() / SIZE)
    torch.testing.assert_close(method.past[:SIZE], seen[0].detach().softmax(1))
    assert not method.past.requires_grad


def test_ps_kd_goes_on_after_a_kill_as_if_nothing_had_been():
    training, method = Training(), made(PSKD)
    method.start_stage(0, training)
    method.start_epoch(0)
    for chosen in (range(SIZE), range(SIZE, 2 * SIZE)):
        step(method, indexed(chosen, training))
    again = made(PSKD, seed=5)
    again.load_state_dict(copy.deepcopy(method.state_dict()))
    for one in (method, again):
        one.start_epoch(1)
    for chosen in (range(SIZE), range(6, 6 + SIZE)):
        data = indexed(chosen, training)
        assert torch.equal(step(method, data), step(again, data))


def distilled(temperature=1.0, beta=1.0, **settings):
    return made(Distillation, base=trained(), temperature=temperature, beta=beta, **settings)


@pytest.mark.parametrize("temperature, beta", [(1.0, 1.0), (3.0, 0.6), (0.5, 0.9)])
def test_distillation_against_loops(temperature, beta):
    method, data = distilled(temperature, beta), one_view()
    teacher = trained()
    taught = teacher.logits(teacher.encoder(data.views[0])).double()
    student = method.logits(method.encoder(data.views[0])).detach().double()
    soft, hard = 0.0, 0.0
    for z, v, y in zip(student.tolist(), taught.tolist(), data.labels.tolist(), strict=True):
        target = [math.exp(value) for value in log_softmax([value / temperature for value in v])]
        cooled = log_softmax([value / temperature for value in z])
        soft -= sum(t * p for t, p in zip(target, cooled, strict=True)) / SIZE
        hard -= log_softmax(z)[y] / SIZE
    want = (1 - beta) * hard + beta * temperature**2 * soft
    assert method.loss(data).item() == pytest.approx(want, rel=1e-5)


def test_distillation_with_beta_0_is_cross_entropy():
    data = one_view()
    torch.testing.assert_close(distilled(2.0, 0.0).loss(data), made(CrossEntropy).loss(data))


def test_a_student_that_says_what_its_teacher_says_has_learnt_all():
    method, data = distilled(4.0), one_view()
    method.encoder.load_state_dict(method.teacher.encoder.state_dict())
    method.head.load_state_dict(method.teacher.head.state_dict())
    method.eval().loss(data).backward()
    assert max(p.grad.abs().max() for p in (*method.encoder.parameters(), *method.head.parameters())) < 1e-6


def test_distillation_at_a_high_temperature_matches_centred_logits():
    """T^2 keeps the gradient's size: in the limit it is (z - v) / K without its mean (Hinton et al. 2015)."""
    method, z = distilled(1000.0, double=True), torch.randn(SIZE, K, dtype=torch.float64, requires_grad=True)
    method.logits = lambda features: z
    data = one_view(double=True)
    method.loss(data).backward()
    v = method.teacher.logits(method.teacher.encoder(data.views[0]))
    apart = (z - v).detach()
    want = (apart - apart.mean(1, keepdim=True)) / (K * SIZE)
    torch.testing.assert_close(z.grad, want, rtol=1e-2, atol=1e-5)


def test_the_teacher_stays_as_it_was():
    method, teacher = distilled(), trained()
    method.train()
    assert method.encoder.training and not any(module.training for module in method.teacher.modules())
    for number in range(2):
        step(method, one_view(number))
    for name, value in method.teacher.state_dict().items():
        assert torch.equal(value, teacher.state_dict()[name]), name
    assert all(p.grad is None for p in method.teacher.parameters())
    assert all(p.grad is not None for p in (*method.encoder.parameters(), *method.head.parameters()))


def fitted(training=None, base=None):
    method = made(NaiveBayesHead, base=base or trained())
    with torch.no_grad():
        method.start_stage(0, training or Training())
    return method.eval()


def test_naive_bayes_head_is_scikit_learns_on_the_bases_features():
    training, base, method = Training(torch.arange(CONTEXT.train_examples) ** 2 % 7 % K), trained(), fitted()
    method = fitted(training, base)
    train = base.encoder(torch.cat(list(training.plain())))
    test = base.encoder(torch.randn(30, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(8)))
    torch.testing.assert_close(
        method.features(test.new_zeros(2, 1, SIDE, SIDE)), base.encoder(torch.zeros(2, 1, SIDE, SIDE))
    )
    got = method.logits(test).softmax(1)
    reference = GaussianNB(var_smoothing=0).fit(train.double().numpy(), training.labels.numpy())
    reference.var_[:] = reference.class_prior_ @ reference.var_
    want = torch.from_numpy(reference.predict_proba(test.double().numpy())).float()
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-5)
    probed = naive_bayes(train, training.labels, test, K)
    torch.testing.assert_close(got, probed.exp().float())
    assert got.argmax(1).unique().numel() > 1


def test_naive_bayes_head_against_loops():
    training, method = Training(), fitted()
    features = method.encoder(torch.cat(list(training.plain()))).double()
    x = features.tolist()
    low, high = [min(column) for column in zip(*x, strict=True)], [max(column) for column in zip(*x, strict=True)]
    x = [[(v - a) / (b - a) for v, a, b in zip(row, low, high, strict=True)] for row in x]
    groups = [[row for row, y in zip(x, training.labels.tolist(), strict=True) if y == k] for k in range(K)]
    means = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in groups]
    variance = [
        sum((row[j] - means[k][j]) ** 2 for k, group in enumerate(groups) for row in group) / len(x) + 1e-9
        for j in range(len(low))
    ]
    for row, got in zip(x[:6], method.logits(features[:6].float()).tolist(), strict=True):
        joint = [
            math.log(len(groups[k]) / len(x))
            - sum((v - m) ** 2 / (2 * s) for v, m, s in zip(row, means[k], variance, strict=True))
            for k in range(K)
        ]
        assert got == pytest.approx(log_softmax(joint), rel=1e-4, abs=1e-4)


def test_naive_bayes_head_looks_without_touching():
    """Fitted in training mode, the encoder keeps its batch statistics, which are the base's, and the base its own."""
    base = trained()
    before = copy.deepcopy(base.encoder.state_dict())
    method = fitted(base=base)
    assert not method.train().encoder.training
    for name, value in method.encoder.state_dict().items():
        assert torch.equal(value, before[name]) and torch.equal(value, base.encoder.state_dict()[name]), name
    assert not any(p.requires_grad for p in base.parameters())


def test_naive_bayes_head_is_kept_whole():
    method, images = fitted(), torch.randn(6, 1, SIDE, SIDE)
    again = made(NaiveBayesHead, seed=4, base=trained(9)).eval()
    again.load_state_dict(method.state_dict())
    assert torch.equal(method.logits(method.features(images)), again.logits(again.features(images)))


def test_naive_bayes_head_has_finite_logits_where_a_class_has_no_images():
    method = fitted(Training(torch.arange(CONTEXT.train_examples) % (K - 1)))
    logits = method.logits(method.features(torch.randn(6, 1, SIDE, SIDE)))
    assert logits.dtype == torch.float32 and logits.isfinite().all()
    assert logits.argmax(1).max() < K - 1 and (logits.softmax(1)[:, -1] == 0).all()


@pytest.mark.parametrize("cls", [Mixup, CutMix, AdaMixUp, PSKD, Distillation])
def test_what_evaluation_needs_is_kept_and_the_rest_resumes(cls):
    base = {"base": trained()} if cls is Distillation else {}
    method = made(cls, **base)
    for number in range(2):
        torch.manual_seed(number)
        step(method, one_view(number))
    state = copy.deepcopy(method.state_dict())
    again = made(cls, seed=9, **base)
    again.load_state_dict(state)
    losses = []
    for one in (method, again):
        torch.manual_seed(3)
        losses.append(one.loss(one_view(3)))
    assert torch.equal(*losses)
    bare = made(cls, seed=11, **base)
    kept = {name: value for name, value in state.items() if not name.startswith(cls.training_only or ("\0",))}
    missing, unexpected = bare.load_state_dict(kept, strict=False)
    assert not unexpected and all(name.startswith(cls.training_only) for name in missing)
    again.load_state_dict(state)
    images = torch.randn(4, 1, SIDE, SIDE)
    for one in (again, bare):
        one.eval()
    assert torch.equal(again.logits(again.features(images)), bare.logits(bare.features(images)))


@pytest.mark.parametrize("cls", [Mixup, CutMix, AdaMixUp, PSKD])
def test_gradients_reach_every_parameter(cls):
    method = made(cls)
    torch.manual_seed(1)
    method.loss(one_view()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())
    assert method.encoder.convolution.weight.grad.abs().sum() > 0 and method.head.weight.grad.abs().sum() > 0
