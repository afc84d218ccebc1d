"""Scores that train first: batches of two sides, losses by loops, constraints, score matching, wild images."""

import dataclasses
import math
import statistics

import pytest
import torch
from method_kit import CONTEXT, SIDE, SIZE, Encoder, step

from pipeline.contract import Batch
from pipeline.modalities.images.outliers import outliers, shifted
from pipeline.drivers import Job, posthoc
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.ood_score import Validation
from pipeline.methods.ood_score.energy import Energy
from pipeline.methods.ood_score.energy_fine_tuned import EnergyFineTuned
from pipeline.methods.ood_score.msma import MSMA
from pipeline.methods.ood_score.scone import SCONE
from pipeline.metrics.detection import auroc


def classifier():
    torch.manual_seed(7)
    base = CrossEntropy()
    base.encoder = Encoder()
    base.build(CONTEXT)
    with torch.no_grad():
        base.head.weight.mul_(5)
    return base.eval().requires_grad_(False)


def noise(count, seed, side=SIDE):
    return torch.randint(0, 256, (count, 1, side, side), generator=torch.Generator().manual_seed(seed)).byte()


@pytest.fixture
def context():
    return dataclasses.replace(CONTEXT, base=classifier(), wild=noise(10, 1))


def made(cls, context, **settings):
    torch.manual_seed(1)
    method = cls(**settings)
    method.encoder = Encoder()
    method.build(context)
    return method.train()


def views(count, seed=2):
    return torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def both_sides(method, seed=2):
    labels = torch.arange(SIZE) % 3
    labels[method.known_size :] = -1
    return Batch([views(SIZE, seed)], labels, torch.arange(SIZE))


class Images:
    """The training set as `start_stage` sees it."""

    def __init__(self, count=48):
        self.images, self.labels = noise(count, 5), torch.arange(count) % 3

    def plain(self, images=None):
        for part in (self.images if images is None else images).split(20):
            yield (part.float() / 255 - 0.5) / 0.25


@pytest.mark.parametrize("cls", [EnergyFineTuned, SCONE])
def test_batches_have_two_sides_and_wild_images_come_from_beyond(cls, context):
    method = made(cls, context)
    order = torch.randperm(48)
    rows = method.arrange(order).view(4, SIZE)
    known, wild = rows[:, : method.known_size], rows[:, method.known_size :]
    assert method.known_size == (4 if cls is EnergyFineTuned else 6)
    assert torch.equal(known.flatten(), order[: known.numel()])
    counts = torch.bincount(wild.flatten() - 48, minlength=10)
    assert len(counts) == 10 and counts.max() - counts.min() <= 1  # all of them before any again
    images = noise(48, 3)
    got = method.fetch(images, rows[0])
    for place, index in enumerate(rows[0].tolist()):
        assert torch.equal(got[place], images[index] if index < 48 else context.wild[index - 48])


@pytest.mark.parametrize("cls", [EnergyFineTuned, SCONE])
def test_the_copy_is_trained_and_the_base_and_wild_images_are_left_out(cls, context):
    before = {name: value.clone() for name, value in context.base.state_dict().items()}
    method = made(cls, context)
    with torch.no_grad():
        method.start_stage(0, Images())
    step(method, both_sides(method))
    assert all(torch.equal(value, before[name]) for name, value in context.base.state_dict().items())
    assert all(p.grad is not None for p in method.model.parameters())
    assert not list(method.encoder.parameters()) and "wild" not in method.state_dict()
    assert not torch.equal(method.model.head.weight, context.base.head.weight)
    method.attach(context.base)
    x = views(5)
    with torch.no_grad():
        torch.testing.assert_close(method.scores(x), method.model.logits(method.model.encoder(x)).double().logsumexp(1))
    assert method.model is not context.base and not method.model.training


@pytest.mark.parametrize("cls", [EnergyFineTuned, SCONE])
def test_without_wild_images_or_with_one_side_only_it_says_what_to_set(cls, context):
    with pytest.raises(UserError, match="wild: none"):
        made(cls, dataclasses.replace(context, wild=None))
    with pytest.raises(UserError, match="wild_share"):
        made(cls, context, wild_share=0.01)


def energy(row):
    return -math.log(sum(math.exp(v) for v in row))


def cross_entropy(rows, labels):
    return sum(-energy(row) - row[y] for row, y in zip(rows, labels, strict=True)) / len(rows)


@pytest.fixture
def sides():
    make = torch.Generator().manual_seed(9)
    known, wild = (4 * torch.randn(n, 3, generator=make, dtype=torch.float64) for n in (5, 8))
    return known, torch.tensor([0, 1, 2, 0, 1]), wild


def test_squared_hinges_by_loops(sides):
    known, labels, wild = sides
    method = EnergyFineTuned(m_in=-4.0, m_out=-3.0, weight=0.3)
    above = sum(max(0.0, energy(row) + 4) ** 2 for row in known.tolist()) / 5
    below = sum(max(0.0, -3 - energy(row)) ** 2 for row in wild.tolist()) / 8
    assert above > 0 and below > 0
    want = cross_entropy(known.tolist(), labels.tolist()) + 0.3 * (above + below)
    assert method.objective(*sides).item() == pytest.approx(want)


def test_energies_within_the_margins_leave_cross_entropy(sides):
    known, labels, _ = sides
    method = EnergyFineTuned(m_in=50.0, m_out=-50.0)
    assert method.objective(*sides).item() == pytest.approx(cross_entropy(known.tolist(), labels.tolist()))


def test_each_side_is_pushed_its_own_way_and_only_up_to_its_margin(sides):
    known, labels, wild = (side.clone().requires_grad_(side.is_floating_point()) for side in sides)
    EnergyFineTuned(m_in=-6.0, m_out=-4.0).objective(known, labels, wild).backward()
    # cross-entropy's gradient adds up to zero over classes, what is left is the hinge's pull on s = -E
    pull, s_known, s_wild = known.grad.sum(1), known.logsumexp(1), wild.logsumexp(1)
    assert torch.equal(pull < -1e-9, s_known < 6) and torch.equal(wild.grad.sum(1) > 1e-9, s_wild > 4)
    assert (s_known < 6).any() and (s_known > 6).any() and (s_wild < 4).any() and (s_wild > 4).any()


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def lagrangian(c, weight, multiplier):
    if weight * c + multiplier >= 0:
        return c * multiplier + weight / 2 * c * c
    return -multiplier * multiplier / (2 * weight)


def scone(context, **settings):
    method = made(SCONE, context, **settings)
    with torch.no_grad():
        method.start_stage(0, Images())
    return method


@pytest.mark.parametrize("multipliers", [(0.0, 0.0), (0.7, 0.2), (0.01, 3.0)])
@pytest.mark.parametrize("before", [0.05, 10.0])
def test_scone_by_loops(multipliers, before, sides, context):
    known, labels, wild = sides
    method = scone(context, eta=-2.0)
    with torch.no_grad():
        method.slope.fill_(-0.8), method.offset.fill_(3.0), method.loss_before.fill_(before)
        method.multipliers.copy_(torch.tensor(multipliers))
        method.weights.copy_(torch.tensor([1.5, 2.25]))

    def line(s):
        return -0.8 * s + 3.0

    rejected = sum(sigmoid(line(-energy(row))) for row in known.tolist()) / 5
    accepted = sum(sigmoid(-line(-energy(row) + 2.0)) for row in wild.tolist()) / 8
    excess = cross_entropy(known.tolist(), labels.tolist()) - 2.0 * before
    want = accepted + lagrangian(rejected - 0.05, 1.5, multipliers[0]) + lagrangian(excess, 2.25, multipliers[1])
    assert method.objective(*sides).item() == pytest.approx(want, rel=1e-5)
    torch.testing.assert_close(method.sums, torch.tensor([rejected - 0.05, excess]))


def test_scone_starts_where_the_classifier_is(context):
    method, data = scone(context, alpha=0.25), Images()
    logits = context.base.logits(context.base.encoder(torch.cat(list(data.plain()))))
    assert method.loss_before.item() == pytest.approx(cross_entropy(logits.tolist(), data.labels.tolist()), rel=1e-5)
    s = logits.logsumexp(1)
    assert (s < method.offset).float().mean().item() == pytest.approx(0.25, abs=1 / 48)  # g = offset - s > 0: rejected
    assert method.model.training


def test_scone_multipliers_move_by_the_mean_violation_of_an_epoch(context):
    method = scone(context)
    method.start_epoch(0)
    assert not method.multipliers.any() and (method.weights == 1).all()
    with torch.no_grad():
        method.sums.copy_(torch.tensor([0.6, -4.0]))
        method.batches.fill_(2)
        method.multipliers.copy_(torch.tensor([0.5, 1.0]))
        method.weights.copy_(torch.tensor([2.0, 4.0]))
    method.start_epoch(1)  # violated: 0.3, weight grows; met and inactive (4 * -2 + 1 < 0): back by lambda / w
    torch.testing.assert_close(method.multipliers, torch.tensor([0.8, 0.75]))
    torch.testing.assert_close(method.weights, torch.tensor([3.0, 4.0]))
    assert not method.sums.any() and not method.batches


def test_scone_resumes_from_its_state(context):
    method = scone(context)
    for _ in range(2):
        step(method, both_sides(method))
    method.start_epoch(1)
    step(method, both_sides(method, 3))
    fresh = made(SCONE, context)
    fresh.load_state_dict(method.state_dict())
    for each in (method, fresh):
        each.start_epoch(2)
    assert fresh.multipliers.any()
    torch.testing.assert_close(fresh.loss(both_sides(fresh, 4)), method.loss(both_sides(method, 4)))
    kept = {n: v for n, v in method.state_dict().items() if not n.startswith(SCONE.training_only)}
    assert all(name.startswith("model.") for name in kept)
    evaluated = made(SCONE, context)
    evaluated.load_state_dict(kept, strict=False)
    for each in (method, evaluated):
        each.attach(context.base)
    torch.testing.assert_close(evaluated.scores(views(5)), method.scores(views(5)))


def test_the_margin_spares_what_lies_within_it(context, sides):
    """A wild image just beyond the boundary pulls less on its energy with a margin than without."""
    known, labels, _ = sides
    pulls = []
    for eta in (0.0, -6.0):
        method = scone(context, eta=eta)
        wild = torch.full((1, 3), method.offset.item() - math.log(3), requires_grad=True)  # on the boundary
        method.objective(known, labels, wild).backward()
        pulls.append(wild.grad.abs().sum().item())
    assert 0 < pulls[1] < pulls[0] / 10


def msma(context, **settings):
    method = made(MSMA, context, **{"width": 6, "levels": 4, **settings})
    with torch.no_grad():
        method.start_stage(0, Images())
    return method


def test_msma_noise_levels_are_geometric_and_in_pixels(context):
    method = msma(context)
    assert method.sigmas.tolist() == pytest.approx([1.0, 0.01 ** (1 / 3), 0.01 ** (2 / 3), 0.01])
    assert method.std.tolist() == pytest.approx([0.25], rel=1e-5)


def test_denoising_score_matching_by_loops(context):
    method = msma(context)
    data = Batch([views(SIZE)], torch.full((SIZE,), -1), torch.arange(SIZE))
    torch.manual_seed(3)
    got = method.loss(data).item()
    torch.manual_seed(3)
    level, noise = torch.randint(4, (SIZE,)), torch.randn(SIZE, 1, SIDE, SIDE)
    total = 0.0
    for i in range(SIZE):
        sigma = method.sigmas[level[i]].item() / 0.25
        moved = data.views[0][i : i + 1] + sigma * noise[i : i + 1]
        score = method.network(moved, level[i : i + 1]) / sigma
        target = (data.views[0][i : i + 1] - moved) / sigma**2
        total += 0.5 * sigma**2 * (score - target).double().square().sum().item()
    assert got == pytest.approx(total / SIZE, rel=1e-5)


def test_a_network_that_knows_the_noise_has_no_loss_left(context):
    method = msma(context)
    data = Batch([torch.zeros(SIZE, 1, SIDE, SIDE)], torch.zeros(SIZE), torch.arange(SIZE))
    method.network = Ideal(method)
    assert method.loss(data).item() == pytest.approx(0, abs=1e-6)


class Ideal(torch.nn.Module):
    """The score of data that are all zeros: sigma s(x) = -x / sigma."""

    def __init__(self, method):
        super().__init__()
        self.sigmas = method.sigmas / method.std

    def forward(self, x, level):
        return -x / self.sigmas[level, None, None, None]


def test_norms_are_per_level(context):
    method = msma(context)
    method.network = Ideal(method)
    x = views(6).double()
    want = [row.norm().item() * 0.25 / s for row in x for s in method.sigmas.tolist()]
    assert method.norms(x).flatten().tolist() == pytest.approx(want, rel=1e-5)


def test_msma_trains_detects_and_resumes(context):
    method = msma(context)
    smooth = torch.nn.functional.avg_pool2d(views(150, 4), 5, 1, 2) * 3
    for i in range(30):
        step(method, Batch([smooth[i : i + 40]], torch.full((40,), -1), torch.arange(40)), learning_rate=0.005)
    fresh = made(MSMA, context, width=6, levels=4)
    fresh.load_state_dict(method.state_dict())
    validation = Validation(smooth[:100], torch.zeros(100), smooth[100:], smooth[:0], method.std)
    for each in (method, fresh):
        each.attach(context.base)
        each.fit(validation)
    with torch.no_grad():
        known, unknown = method.scores(smooth[100:]), method.scores(views(50, 6))
        assert auroc(known, unknown) > 90
        torch.testing.assert_close(fresh.scores(smooth[100:]), known)
        assert torch.equal(
            method.predictions(smooth[:5]), context.base.logits(context.base.encoder(smooth[:5])).argmax(1)
        )
        norms = [[norm.tolist() for norm in method.norms(side)] for side in (smooth[:100], smooth[100:103])]
    deviations = [statistics.pstdev(column) for column in zip(*norms[0], strict=True)]
    for row, score in zip(norms[1], known.tolist(), strict=False):
        distances = sorted(
            math.sqrt(sum(((a - b) / d) ** 2 for a, b, d in zip(row, other, deviations, strict=True)))
            for other in norms[0]
        )
        assert score == pytest.approx(-distances[4])
    assert known.dtype == torch.float64 and not known.isnan().any()


def test_msma_needs_no_wild_images_and_keeps_no_classifier(context):
    method = msma(dataclasses.replace(context, wild=None))
    assert all(name.startswith(("network.", "std")) for name in method.state_dict())


class Spare:
    """A job with what wild images are made from."""

    def __init__(self, count, seed=0):
        self.data = type("Data", (), {"spare_images": noise(count, 8, 16)})
        self.load, self.seed = None, seed
        self.settings, self.wild = {}, None

    def seed_of(self, *purpose):
        return hash((self.seed, *purpose)) % 2**31

    generator = Job.generator


WILD = {
    "examples": 50,
    "outliers": ["permuted", "shuffled_rows", "collage"],
    "outlier_share": 0.4,
    "shifted_share": 0.2,
}


def test_wild_images_have_the_stated_shares():
    job = Spare(40)
    wild = posthoc.wild_images(job, WILD)
    assert wild.shape == (50, 1, 16, 16) and wild.dtype == torch.uint8
    rows = [image.numpy().tobytes() for image in job.data.spare_images]
    clean = [rows.index(image.numpy().tobytes()) for image in wild[30:]]
    assert len(set(clean)) == 20
    strange = [outliers(k, job.data.spare_images, n, job.generator("outliers", "wild", k), None)
               for k, n in zip(WILD["outliers"], (6, 7, 7), strict=True)]  # fmt: skip
    assert torch.equal(wild[:20], torch.cat(strange))
    assert not {image.numpy().tobytes() for image in wild[20:30]} & set(rows)
    distance = (wild[20:30, None].float() - job.data.spare_images.float()).abs().mean((2, 3, 4))
    sources = distance.argmin(1).tolist()
    assert len(set(sources)) == 10 and not set(sources) & set(clean)
    assert torch.equal(posthoc.wild_images(job, WILD), wild)
    assert not torch.equal(posthoc.wild_images(Spare(40, seed=1), WILD), wild)


def test_wild_images_are_made_for_methods_that_train_and_there_must_be_enough_to_draw_from():
    with pytest.raises(UserError, match="30 of them are known images, but the data set has only 20"):
        posthoc.wild_images(Spare(20), WILD)
    for method, given, want in ((Energy(), {}, None), (MSMA(), {"wild": None}, None), (SCONE(), {"wild": WILD}, 50)):
        job = Spare(40)
        job.method, job.settings = method, given
        posthoc.prepare(job)
        assert (job.wild if want is None else len(job.wild)) == want


def test_textures_are_of_four_kinds_with_structure_and_no_two_alike():
    made = outliers("textures", noise(1, 0, 14), 400, torch.Generator().manual_seed(0), None)
    assert made.shape == (400, 1, 14, 14) and made.dtype == torch.uint8
    assert len(made.flatten(1).unique(dim=0)) == 400
    values = [[len(image.unique()) for image in made[family::4]] for family in range(4)]
    assert max(values[1]) <= 3 and max(values[2]) <= 3  # stripes and checkerboards are dark or bright, or on an edge
    assert min(values[0]) > 10 and min(values[3]) > 10
    x = made.double()
    near = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3)) / x.std((1, 2, 3)).clamp_min(1)
    assert (near[3::4] < 1).all() and near.mean() < 1  # for independent pixels 2 / sqrt(pi) = 1.13 where normal
    colour = outliers("textures", noise(1, 0, 14).expand(-1, 3, -1, -1), 8, torch.Generator().manual_seed(0), None)
    assert colour.shape == (8, 3, 14, 14) and not torch.equal(colour[:, 0], colour[:, 1])


def test_spoilt_images_keep_pixels_rows_or_quarters():
    known = noise(5, 1, 8)
    pixels = [image.flatten().sort().values.tolist() for image in known]
    rows = [sorted(image[0].tolist()) for image in known]

    def draw(name):
        return outliers(name, known, 30, torch.Generator().manual_seed(2), None)

    assert all(image.flatten().sort().values.tolist() in pixels for image in draw("permuted"))
    assert not any(sorted(image[0].tolist()) in rows for image in draw("permuted"))
    assert all(sorted(image[0].tolist()) in rows for image in draw("shuffled_rows"))
    assert not any((image == known).flatten(1).all(1).any() for image in draw("shuffled_rows"))
    places = [(slice(0, 4), slice(0, 4)), (slice(0, 4), slice(4, 8)), (slice(4, 8), slice(0, 4)), (slice(4, 8),) * 2]
    sources = torch.stack([(draw("collage")[:, None, 0, y, x] == known[:, 0, y, x]).all((2, 3)) for y, x in places])
    assert (sources.sum(2) == 1).all()
    assert sources.long().argmax(2).T.unique(dim=1).shape[1] > 1


def test_the_shift_is_noise_of_the_stated_strength():
    grey = torch.full((300, 1, 10, 10), 128, dtype=torch.uint8)
    moved = shifted(grey, torch.Generator().manual_seed(0))
    assert moved.dtype == torch.uint8 and moved.float().mean().item() == pytest.approx(128, abs=1)
    assert moved.float().std().item() / 255 == pytest.approx(0.15, rel=0.02)
    assert not torch.equal(shifted(grey, torch.Generator().manual_seed(1)), moved)
