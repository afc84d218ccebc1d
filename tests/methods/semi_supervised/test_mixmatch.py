"""MixMatch by loops; what is mixed with what; sharpening; where it is a quarter of the Pi-model."""

import pytest
import torch

from pipeline.methods.semi_supervised import mixmatch
from pipeline.methods.semi_supervised.mixmatch import MixMatch
from pipeline.methods.semi_supervised.pi_model import PiModel
from tests.kit.losses import log_softmax, softmax
from tests.kit.methods import SIZE, dot, made
from tests.kit.semi_supervised import STRONG, WEAK, at_the_end, data, double


def sharpened(p, temperature=0.5):
    powers = [v ** (1 / temperature) for v in p]
    return [v / sum(powers) for v in powers]


def test_against_loops(monkeypatch):
    """Partners and shares of the mixture are given; in evaluation each image has logits of its own."""
    method = at_the_end(MixMatch, unlabelled_weight=7.0).double().eval()
    given = double(data(MixMatch))
    views = [given.views[0], *given["unlabelled"].views]
    images, count = torch.cat(views), len(views[1])
    draws = torch.Generator().manual_seed(0)
    shares = torch.rand(len(images), generator=draws, dtype=torch.float64)
    order = torch.randperm(len(images), generator=draws)
    monkeypatch.setattr(mixmatch, "Beta", lambda a, b: type("Given", (), {"sample": lambda self, shape: shares})())
    monkeypatch.setattr(mixmatch, "partners", lambda images: order)

    def logits(image):
        with torch.no_grad():
            return method.logits(method.encoder(image[None]))[0].tolist()

    first, second = ([softmax(logits(image)) for image in view] for view in views[1:])
    guesses = [sharpened([(a + b) / 2 for a, b in zip(*pair, strict=True)]) for pair in zip(first, second, strict=True)]
    targets = [[float(k == y) for k in range(3)] for y in given.labels.tolist()] + guesses + guesses
    supervised = unlabelled = 0.0
    for place, partner in enumerate(order.tolist()):
        own = max(shares[place].item(), 1 - shares[place].item())
        z = logits(own * images[place] + (1 - own) * images[partner])
        wanted = [own * a + (1 - own) * b for a, b in zip(targets[place], targets[partner], strict=True)]
        if place < SIZE:
            supervised -= dot(wanted, log_softmax(z)) / SIZE
        else:
            unlabelled += sum((a - b) ** 2 for a, b in zip(wanted, softmax(z), strict=True)) / 3 / (2 * count)
    assert unlabelled > 0
    assert method.loss(given).item() == pytest.approx(supervised + 7 * unlabelled, rel=1e-9)


def test_the_first_of_a_pair_has_the_greater_share_and_pairs_differ():
    method = made(MixMatch)
    images = torch.arange(200.0).view(200, 1, 1, 1).expand(200, 1, 2, 2)
    mixed, targets = method.mixed(images, torch.eye(200))
    own = targets.diagonal()
    assert (own >= 0.5).all() and own.unique().numel() > 150
    torch.testing.assert_close(targets.sum(1), torch.ones(200))
    torch.testing.assert_close(mixed[:, 0, 0, 0], targets @ torch.arange(200.0))
    assert (targets[:70, 70:] > 0).any() and (targets[70:, :70] > 0).any()


def test_with_neither_mixing_nor_sharpening_it_is_a_quarter_of_the_pi_model():
    """Each of two views is half as far from their mean as from the other; gradients as well, though q has none."""
    mixed = at_the_end(MixMatch, batch_norm=False, alpha=0.0, temperature=1.0, unlabelled_weight=8.0).double()
    paired = at_the_end(PiModel, batch_norm=False, unlabelled_weight=2.0).double()
    given = double(data(MixMatch))
    torch.testing.assert_close(mixed.backward(given), paired.backward(given))
    for found, want in zip(mixed.parameters(), paired.parameters(), strict=True):
        torch.testing.assert_close(found.grad, want.grad)


def test_guesses_are_surer_than_the_mean_of_predictions():
    method = made(MixMatch)
    found = method.guess(WEAK, STRONG)
    for q, z, other in zip(found.tolist(), WEAK.tolist(), STRONG.tolist(), strict=True):
        mean = [(a + b) / 2 for a, b in zip(softmax(z), softmax(other), strict=True)]
        assert q == pytest.approx(sharpened(mean)) and max(q) > max(mean)
    sure = method.guess(torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([[200.0, 0.0, 0.0]]))
    assert sure.tolist() == [[1.0, 0.0, 0.0]]


def test_running_statistics_are_those_of_mixtures():
    method, given = at_the_end(MixMatch), data(MixMatch)
    seen = []
    method.encoder.register_forward_pre_hook(lambda _, images: seen.append(images[0]))
    method.loss(given)
    with torch.no_grad():
        found = method.encoder.convolution(seen[1])
    torch.testing.assert_close(method.encoder.norm.running_mean, 0.1 * found.mean((0, 2, 3)))
    assert [len(images) for images in seen] == [4 * SIZE, 5 * SIZE]


@pytest.mark.parametrize("ablated", [{"alpha": 0.0}, {"temperature": 1.0}])
def test_every_part_changes_the_loss(ablated):
    losses = []
    for settings in ({}, ablated):
        method = at_the_end(MixMatch, **settings)
        torch.manual_seed(0)
        losses.append(method.loss(data(MixMatch)))
    assert not torch.isclose(*losses)


def test_the_ramp():
    method, values = made(MixMatch, ramp_end=0.4), []
    for method.progress in (0.0, 0.1, 0.4, 0.8):
        values.append(method.ramp())
    assert values == pytest.approx([0, 0.25, 1, 1])
    assert pytest.approx(MixMatch().ramp_end, abs=5e-5) == 16_000 / 1_024_000
