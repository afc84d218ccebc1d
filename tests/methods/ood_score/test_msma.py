"""Denoising score matching by loops; no loss where the noise is known; norms and neighbours of images one by one."""

import math
import statistics

import pytest
import torch

from pipeline.contract import Batch
from pipeline.methods.ood_score import Validation
from pipeline.methods.ood_score.msma import MSMA
from pipeline.ops.detection import auroc, single
from tests.kit.classifiers import kept, member, trained_base
from tests.kit.methods import SIDE, SIZE, begun, step


def msma(**settings):
    return begun(member(MSMA, width=6, levels=4, **settings))


def views(count, seed=2):
    return torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def of(images):
    return Batch([images], torch.full((len(images),), -1), torch.arange(len(images)))


class Ideal(torch.nn.Module):
    """The score of data that are all zeros: sigma s(x) = -x / sigma."""

    def __init__(self, method):
        super().__init__()
        self.sigmas = method.sigmas / method.std

    def forward(self, x, level):
        return -x / self.sigmas[level, None, None, None]


def test_noise_levels_are_geometric_and_in_pixels():
    method = msma()
    assert method.sigmas.tolist() == pytest.approx([1.0, 0.01 ** (1 / 3), 0.01 ** (2 / 3), 0.01])
    assert method.std.tolist() == pytest.approx([0.25], rel=1e-5)


def test_denoising_score_matching_by_loops():
    method, x = msma(), views(SIZE)
    torch.manual_seed(3)
    got = method.loss(of(x)).item()
    torch.manual_seed(3)
    level, noise = torch.randint(4, (SIZE,)), torch.randn(SIZE, 1, SIDE, SIDE)
    total = 0.0
    for i in range(SIZE):
        sigma = method.sigmas[level[i]].item() / 0.25
        moved = x[i : i + 1] + sigma * noise[i : i + 1]
        score = method.network(moved, level[i : i + 1]) / sigma
        target = (x[i : i + 1] - moved) / sigma**2
        total += 0.5 * sigma**2 * (score - target).double().square().sum().item()
    assert got == pytest.approx(total / SIZE, rel=1e-5)


def test_a_network_that_knows_the_noise_has_no_loss_left():
    method = msma()
    method.network = Ideal(method)
    assert method.loss(of(torch.zeros(SIZE, 1, SIDE, SIDE))).item() == pytest.approx(0, abs=1e-6)


def test_norms_are_per_level():
    method, x = msma(), views(6).double()
    method.network = Ideal(method)
    want = [row.norm().item() * 0.25 / s for row in x for s in method.sigmas.tolist()]
    assert method.norms(x).flatten().tolist() == pytest.approx(want, rel=1e-5)


def test_it_detects_and_its_score_is_the_distance_to_the_fifth_neighbour():
    method = msma()
    smooth = torch.nn.functional.avg_pool2d(views(150, 4), 5, 1, 2) * 3
    for i in range(30):
        step(method, of(smooth[i : i + 40]), learning_rate=0.005)
    validation = Validation(smooth[:100], torch.zeros(100), smooth[100:], smooth[:0], method.std)
    base = trained_base()
    method.attach(base)
    with torch.no_grad():
        method.fit(validation)
        classes = base.logits(base.encoder(smooth[:5])).argmax(1)
        assert torch.equal(method.predictions(smooth[:5]), classes)
        known, unknown = method.scores(smooth[100:]), method.scores(views(50, 6))
        norms = [[norm.tolist() for norm in method.norms(side)] for side in (smooth[:100], smooth[100:103])]
    assert single(auroc, known, unknown) > 90
    deviations = [statistics.pstdev(column) for column in zip(*norms[0], strict=True)]
    # standardised over the training examples, not over their sample
    torch.testing.assert_close(method.bank.mean(0), torch.zeros(4).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(method.bank.square().mean(0), torch.ones(4).double())
    for row, score in zip(norms[1], known.tolist(), strict=False):
        distances = sorted(
            math.sqrt(sum(((a - b) / d) ** 2 for a, b, d in zip(row, other, deviations, strict=True)))
            for other in norms[0]
        )
        assert score == pytest.approx(-distances[4])
    assert known.dtype == torch.float64 and not known.isnan().any()


def test_it_needs_no_wild_images_and_keeps_no_classifier():
    assert not MSMA.streams
    assert all(name.startswith(("network.", "std")) for name in kept(msma()))
