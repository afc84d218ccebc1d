"""Many classes, fixed and several class vectors, fine-tuning: slow float64 loops, limits, what moves and what stays."""

import copy
import math

import pytest
import torch
from method_kit import CONTEXT, FEATURES, SIDE, SIZE, Encoder, batch, dot, step, unit
from torch import nn

from pipeline.contract import Context
from pipeline.methods.classifier.augment_reduce import AugmentReduce
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.ebv import EBV, equiangular
from pipeline.methods.classifier.one_vs_each import OneVsEach
from pipeline.methods.fine_tuning.dr_tune import DRTune, rotation_onto
from pipeline.methods.fine_tuning.fine_tuning import FineTuning
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.methods.margin_softmax.sub_center_arcface import SubCenterArcFace
from pipeline.ops.negatives import gaps

B, K = 9, 5
LABELS = torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 3])


@pytest.fixture
def logits():
    return 3 * torch.randn(B, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As runs on a CPU have it: these matrices are too small to share."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Base(nn.Module):
    """A trained method, as far as another that builds on it may know."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(7)
        self.encoder = Encoder()
        self.encoder(torch.randn(64, 1, SIDE, SIDE))  # running statistics of its own
        self.eval().requires_grad_(False)


class Training:
    """The training set at the start of a stage."""

    def __init__(self, count=CONTEXT.train_examples):
        generator = torch.Generator().manual_seed(11)
        self.images = torch.randint(0, 256, (count, 1, SIDE, SIDE), generator=generator, dtype=torch.uint8)
        self.labels = torch.arange(count) % CONTEXT.num_classes

    def plain(self, images=None):
        for part in (self.images if images is None else images).split(20):
            yield part.float() / 255 - 0.5


def made(cls, seed=1, **settings):
    context = Context(**{**vars(CONTEXT), "base": Base()})
    torch.manual_seed(seed)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(context)
    return method.train()


def start(method, stage=0):
    torch.manual_seed(12)
    with torch.no_grad():
        method.start_stage(stage, Training())


def test_gaps_draw_other_classes_once_each_and_all_alike(logits):
    torch.manual_seed(0)
    counts = torch.zeros(B, K)
    for _ in range(1000):
        drawn = gaps(logits, LABELS, 2)
        assert drawn.shape == (B, 2)
        hits = drawn[:, :, None] == (logits - logits.gather(1, LABELS[:, None]))[:, None, :]
        assert (hits.sum(2) == 1).all() and (hits.sum(1) <= 1).all()
        counts += hits.sum(1)
    assert (counts.gather(1, LABELS[:, None]) == 0).all()
    others = counts[torch.arange(K) != LABELS[:, None]] / 1000
    assert (others - 2 / (K - 1)).abs().max() < 0.07
    assert gaps(logits, LABELS, 50).shape == (B, K - 1)


def slow_one_vs_each(logits):
    total = 0.0
    for z, y in zip(logits.tolist(), LABELS.tolist(), strict=True):
        total += sum(math.log(1 + math.exp(v - z[y])) for k, v in enumerate(z) if k != y)
    return total / len(logits)


def test_one_vs_each_with_all_classes(logits):
    assert OneVsEach().objective(logits, LABELS).item() == pytest.approx(slow_one_vs_each(logits))
    assert CrossEntropy().objective(logits, LABELS) < OneVsEach().objective(logits, LABELS)


def test_one_vs_each_with_some_classes_is_right_on_average(logits):
    torch.manual_seed(3)
    method = OneVsEach(negatives=1)
    estimates = torch.stack([method.objective(logits, LABELS) for _ in range(3000)])
    assert estimates.std() > 0
    error = estimates.std() / len(estimates) ** 0.5
    assert abs(estimates.mean().item() - slow_one_vs_each(logits)) < 4 * error.item()


def test_of_two_classes_one_vs_each_is_cross_entropy(logits):
    labels = LABELS % 2
    want = CrossEntropy().objective(logits[:, :2], labels)
    torch.testing.assert_close(OneVsEach().objective(logits[:, :2], labels), want)


def augmented(log_eta=0.0, **settings):
    method = AugmentReduce(**settings)
    method.build(Context(**{**vars(CONTEXT), "num_classes": K}))
    method.log_eta += log_eta
    return method.double()


@pytest.mark.parametrize("epoch", [0, 3])
def test_augment_reduce_moves_eta_and_then_takes_the_bound(epoch, logits):
    method = augmented(math.log(2.5))
    method.start_epoch(epoch)
    places = torch.arange(B) + 20
    rho = (1 + epoch + 1) ** -0.9
    total, etas = 0.0, []
    for z, y in zip(logits.tolist(), LABELS.tolist(), strict=True):
        s = sum(math.exp(v - z[y]) for k, v in enumerate(z) if k != y)
        etas.append((1 - rho) * 2.5 + rho * s)
        total -= 1 - math.log(1 + etas[-1]) - (1 + s) / (1 + etas[-1])
    assert method.bound(logits, LABELS, places).item() == pytest.approx(total / B)
    torch.testing.assert_close(method.log_eta[places].exp(), torch.tensor(etas, dtype=torch.float64))
    untouched = torch.ones(len(method.log_eta), dtype=torch.bool).index_fill(0, places, False)
    torch.testing.assert_close(method.log_eta[untouched].exp(), torch.full((48 - B,), 2.5, dtype=torch.float64))


def test_augment_reduce_at_the_best_eta_is_cross_entropy_and_elsewhere_above(logits):
    method, places = augmented(), torch.arange(B)
    best = (logits.logsumexp(1) - logits.gather(1, LABELS[:, None]).squeeze(1)).expm1().log()
    method.log_eta[places] = best
    z = logits.clone().requires_grad_()
    loss = method.bound(z, LABELS, places)
    loss.backward()
    torch.testing.assert_close(loss, CrossEntropy().objective(logits, LABELS))
    torch.testing.assert_close(z.grad, (logits.softmax(1) - nn.functional.one_hot(LABELS, K)) / B)
    for other in (-1.0, 1.0):
        method.log_eta[places] = best + other
        assert method.bound(logits, LABELS, places) > loss + 1e-3


def test_augment_reduce_learns_each_normaliser_from_few_classes(logits):
    """With rho falling, eta tends to the mean of its estimates."""
    torch.manual_seed(5)
    method = augmented(negatives=1, forgetting=1.0)
    for epoch in range(2000):
        method.start_epoch(epoch)
        method.bound(logits, LABELS, torch.arange(B))
    want = (logits - logits.gather(1, LABELS[:, None])).logsumexp(1)
    torch.testing.assert_close(nn.functional.softplus(method.log_eta[:B]), want, atol=0.15, rtol=0)


def test_augment_reduce_of_some_classes_scales_their_sum(logits):
    method = augmented(negatives=2)
    torch.manual_seed(6)
    drawn = gaps(logits, LABELS, 2)
    torch.manual_seed(6)
    method.bound(logits, LABELS, torch.arange(B))
    rho = 2**-0.9
    want = (1 - rho) + rho * (K - 1) / 2 * drawn.exp().sum(1)
    torch.testing.assert_close(method.log_eta[:B].exp(), want)


def test_augment_reduce_neither_overflows_nor_lets_one_example_take_over():
    method = augmented().float()
    z = torch.tensor([[0.0, 500.0, -500.0, 0.0, 0.0]], requires_grad=True)
    loss = method.bound(z, torch.tensor([2]), torch.tensor([0]))
    loss.backward()
    assert loss.isfinite() and z.grad.isfinite().all()
    assert z.grad.abs().max() <= 2**0.9 + 1e-4


@pytest.mark.parametrize("count, dim", [(10, 10), (10, 64), (100, 64), (100, 100), (7, 3)])
def test_equiangular_vectors_keep_their_bound(count, dim):
    torch.manual_seed(0)
    vectors = equiangular(count, dim, 0.002).double()
    bound = 0.002
    if count > dim:
        bound = 1.3 * math.sqrt((count - dim) / (dim * (count - 1)))
    worst = 0.0
    for i, a in enumerate(vectors.tolist()):
        assert dot(a, a) == pytest.approx(1.0, abs=1e-5)
        worst = max([worst, *(abs(dot(a, b)) for b in vectors[:i].tolist())])
    assert worst <= bound + 2e-4
    torch.manual_seed(0)
    torch.testing.assert_close(equiangular(count, dim, 0.002).double(), vectors)


def test_ebv_against_loops():
    method = made(EBV, dim=4, temperature=0.2)
    features = torch.randn(SIZE, FEATURES, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(SIZE) % 3
    total = 0.0
    for f, y in zip(method.head(features).double().tolist(), labels.tolist(), strict=True):
        z = [dot(unit(f), w) / 0.2 for w in method.vectors.double().tolist()]
        total += math.log(sum(math.exp(v - z[y]) for v in z))
    assert method.objective(method.logits(features), labels).item() == pytest.approx(total / SIZE, rel=1e-5)


def test_ebv_trains_all_but_its_class_vectors_and_keeps_them():
    method = made(EBV)
    assert method.vectors.shape == (3, 3)
    assert "vectors" in method.state_dict() and not any("vectors" in name for name, _ in method.named_parameters())
    before = method.vectors.clone()
    assert step(method, batch(("full",))) > 0
    assert torch.equal(method.vectors, before)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.head.parameters())
    other = made(EBV, seed=2)
    assert not torch.equal(other.vectors, before)
    other.load_state_dict(method.state_dict())
    images = batch(("full",)).views[0]
    torch.testing.assert_close(other.eval().logits(other.encoder(images)), method.eval().logits(method.encoder(images)))
    torch.testing.assert_close(method.features(images), method.head(method.encoder(images)))


def test_sub_centres_take_the_nearest_of_each_class():
    method = made(SubCenterArcFace, sub_centres=4, scale=7.0)
    features = torch.randn(SIZE, FEATURES, generator=torch.Generator().manual_seed(2))
    centres = [unit(row) for row in method.head.weight.double().tolist()]
    for f, row in zip(features.double().tolist(), method.logits(features).tolist(), strict=True):
        cosines = [dot(unit(f), centre) for centre in centres]
        assert row == pytest.approx([7 * max(cosines[4 * k : 4 * k + 4]) for k in range(3)], rel=1e-4, abs=1e-5)


def test_one_sub_centre_is_arcface():
    features = torch.randn(SIZE, FEATURES, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(SIZE) % 3
    one, plain = made(SubCenterArcFace, sub_centres=1), made(ArcFace)
    torch.testing.assert_close(
        one.objective(one.logits(features), labels), plain.objective(plain.logits(features), labels)
    )


def test_only_nearest_sub_centres_are_trained():
    method = made(SubCenterArcFace, scale=4.0)
    feature = torch.randn(1, FEATURES, generator=torch.Generator().manual_seed(4))
    method.objective(method.logits(feature), torch.tensor([1])).backward()
    nearest = method.cosines(feature).argmax(2)[0] + 3 * torch.arange(3)
    assert method.head.weight.grad.abs().sum(1).nonzero().squeeze(1).tolist() == nearest.tolist()


def test_suspects_are_far_from_their_classs_dominant_sub_centre():
    method, training = made(SubCenterArcFace, suspicion=88.0), Training()
    start(method, 0)
    assert (method.dominance == 0).all()
    start(method, 1)
    assert method.training and method.encoder.training
    method.eval()
    with torch.no_grad():
        cosines = method.cosines(torch.cat([method.encoder(part) for part in training.plain()])).double()
    nearest = [[0] * 3 for _ in range(3)]
    for row, y in zip(cosines.tolist(), training.labels.tolist(), strict=True):
        nearest[y][row[y].index(max(row[y]))] += 1
    want = [
        row[y][nearest[y].index(max(nearest[y]))]
        for row, y in zip(cosines.tolist(), training.labels.tolist(), strict=True)
    ]
    assert method.label_scores().tolist() == pytest.approx(want, abs=1e-5)
    assert method.suspects().tolist() == [math.degrees(math.acos(c)) > 88 for c in want]
    assert not method.suspects().all()
    assert not any("dominance".startswith(prefix) for prefix in method.training_only)


def test_fine_tuning_begins_at_the_base_and_leaves_it_alone():
    method, base = made(FineTuning), Base()
    images = batch(("full",)).views[0]
    torch.testing.assert_close(method.eval().encoder(images), base.encoder(images))
    method.train()
    data = batch(("full",))
    want = nn.functional.cross_entropy(method.head(method.encoder(images)), data.labels)
    torch.testing.assert_close(method.loss(data), want)
    before = copy.deepcopy(method.encoder.state_dict())
    step(method, data)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.head.parameters())
    assert not torch.equal(method.encoder.state_dict()["convolution.weight"], before["convolution.weight"])
    torch.testing.assert_close(base.encoder.state_dict(), Base().encoder.state_dict())


def turned(size, seed):
    q, _ = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    if torch.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


def test_rotations_are_found_and_reflections_are_not():
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    r = turned(4, 5)
    torch.testing.assert_close(rotation_onto(x, x @ r.T + 3), r)
    mirror = torch.diag(torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=torch.float64))
    found = rotation_onto(x, x @ mirror)
    assert torch.linalg.det(found).item() == pytest.approx(1.0)

    def error(candidate):
        a, b = x - x.mean(0), (x - x.mean(0)) @ mirror
        return ((a @ candidate.T - b) ** 2).sum().item()

    best = error(found)
    assert all(best <= error(turned(4, seed)) for seed in range(200))
    small = torch.linalg.matrix_exp(1e-3 * (r - r.T))
    assert best < error(found @ small) and best < error(found @ small.T)
    assert rotation_onto(x * torch.nan, x).isfinite().all()


def slow_calibration(method, features):
    """Class by class and image by image, from the queue as it stands."""
    rows = method.queue.items.double()
    ours = [unit(row) for row in rows[:, :FEATURES].tolist()]
    theirs = [unit(row) for row in rows[:, FEATURES : 2 * FEATURES].tolist()]
    labels = [int(v) for v in rows[:, -1].tolist()]
    rotation = rotation_onto(torch.tensor(theirs).double(), torch.tensor(ours).double()).tolist()
    theirs = [[dot(r, row) for r in rotation] for row in theirs]
    length = sum(math.sqrt(dot(f, f)) for f in features.double().tolist()) / len(features)
    out = [None] * len(labels)
    for c, prototype in enumerate(method.head.weight.double().tolist()):
        places = [i for i, y in enumerate(labels) if y == c]
        if not places:
            continue
        scores = [math.exp(dot(ours[i], unit(prototype))) for i in places]
        for d in range(FEATURES):
            centre = sum(s * ours[i][d] for s, i in zip(scores, places, strict=True)) / sum(scores)
            mean = sum(theirs[i][d] for i in places) / len(places)
            for i in places:
                out[i] = [*(out[i] or []), theirs[i][d] + centre - mean]
    return [[length * v for v in unit(row)] for row in out], labels


def drifted(**settings):
    """A DR-Tune whose queue has features under two different encoders, and a class that it lacks."""
    method = made(DRTune, queue_length=20, **settings)
    start(method)
    generator = torch.Generator().manual_seed(8)
    method.queue.items[:, :FEATURES] += 0.3 * torch.randn(20, FEATURES, generator=generator)
    method.queue.items[:, -1] = torch.arange(20) % 2
    return method


def test_dr_tune_calibration_and_loss_against_loops():
    method, data = drifted(), batch(("full",))
    features = method.encoder(data.views[0])
    rows, labels = slow_calibration(method, features.detach())
    found, known = method.calibrated(features.detach())
    torch.testing.assert_close(found, torch.tensor(rows), atol=2e-4, rtol=1e-3)
    assert known.tolist() == labels
    want = nn.functional.cross_entropy(method.head(features), data.labels)
    want = want + nn.functional.cross_entropy(method.head(torch.tensor(rows)), torch.tensor(labels))
    torch.testing.assert_close(method.loss(data), want, atol=1e-3, rtol=1e-3)


def test_dr_tunes_second_term_trains_the_head_alone():
    method, plain, data = drifted(), made(FineTuning), batch(("full",))
    plain.head.load_state_dict(method.head.state_dict())
    for each in (method, plain):
        each.loss(data).backward()
    torch.testing.assert_close(method.encoder.convolution.weight.grad, plain.encoder.convolution.weight.grad)
    assert not torch.allclose(method.head.weight.grad, plain.head.weight.grad)
    assert all(p.grad is None for p in method.pretrained.parameters())


def test_dr_tunes_queue_begins_with_the_training_set_and_takes_the_batch_after_its_use():
    method, training, base = made(DRTune, queue_length=20), Training(), Base()
    start(method)
    torch.manual_seed(12)
    chosen = torch.randperm(48)[:20]
    want = base.encoder(torch.cat(list(training.plain(training.images[chosen]))))
    items = method.queue.items.clone()
    torch.testing.assert_close(items, torch.cat([want, want, training.labels[chosen, None]], 1))
    data = batch(("full",))
    step(method, data)
    torch.testing.assert_close(method.queue.items[SIZE:], items[SIZE:])
    torch.testing.assert_close(method.queue.items[:SIZE, FEATURES : 2 * FEATURES], base.encoder(data.views[0]))
    assert method.queue.items[:SIZE, -1].tolist() == data.labels.tolist()
    assert not torch.allclose(method.queue.items[:SIZE, :FEATURES], method.queue.items[:SIZE, FEATURES:-1])
    torch.testing.assert_close(method.pretrained.state_dict(), base.encoder.state_dict())


def test_dr_tune_rotates_anew_every_few_steps_of_an_epoch():
    method, data = drifted(rotation_interval=3), batch(("full",))
    method.start_epoch(0)
    kept = []
    for _ in range(5):
        step(method, data)
        kept.append(method.rotation.clone())
    assert torch.equal(kept[0], kept[1]) and torch.equal(kept[0], kept[2]) and torch.equal(kept[3], kept[4])
    assert not torch.equal(kept[2], kept[3])
    method.start_epoch(1)
    step(method, data)
    assert not torch.equal(kept[4], method.rotation)


@pytest.mark.parametrize(
    "cls, moves", [(AugmentReduce, "log_eta"), (DRTune, "queue.items"), (SubCenterArcFace, "head.weight")]
)
def test_a_resumed_run_goes_on_with_the_same_loss(cls, moves):
    settings = {"queue_length": 20} if cls is DRTune else {}
    method, data = made(cls, **settings), batch(("full",))
    start(method)
    before = method.state_dict()[moves].clone()
    for _ in range(2):
        assert step(method, data).isfinite()
    assert not torch.equal(method.state_dict()[moves], before)
    kept = copy.deepcopy(method.state_dict())
    resumed = made(cls, seed=9, **settings)
    resumed.load_state_dict(kept)
    losses = []
    for each in (method, resumed):
        each.start_epoch(1)
        torch.manual_seed(4)
        losses.append(each.loss(data).item())
    assert losses[0] == losses[1]


@pytest.mark.parametrize("cls", [OneVsEach, AugmentReduce, EBV, FineTuning, DRTune, SubCenterArcFace])
def test_evaluation_needs_nothing_but_the_kept_state(cls):
    method, data = made(cls), batch(("full",))
    start(method)
    step(method, data)
    dropped = method.training_only
    kept = {k: v for k, v in method.state_dict().items() if not (dropped and k.startswith(dropped))}
    other = made(cls, seed=9)
    other.load_state_dict(kept, strict=False)
    images = data.views[0]
    logits = [each.eval().logits(each.encoder(images)) for each in (method, other)]
    assert torch.equal(*logits) and logits[0].shape == (SIZE, 3)
