"""Boxes pixel by pixel: whose each pixel is, how large a box is and where it is cut off; labels shared by counting."""

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.mixing import cutmix
from pipeline.methods.mixing.cutmix import CutMix
from tests.kit.classifiers import ORDER, doubled, fixed
from tests.kit.losses import soft_cross_entropy
from tests.kit.methods import CONTEXT, SIZE, batch, classifier, made


def test_one_box_is_pasted_and_the_label_shared_by_pixels():
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
def test_a_box_has_the_root_of_its_share_of_each_side(share, centre, box, monkeypatch):
    fixed(monkeypatch, cutmix, share)
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


def test_so_many_batches_are_mixed():
    method, images, targets = made(CutMix, probability=0.3), torch.randn(SIZE, 1, 4, 4), torch.eye(SIZE)
    torch.manual_seed(0)
    untouched = sum(method.mix(images, targets)[0] is images for _ in range(1000))
    assert untouched == pytest.approx(700, abs=50)


def test_cutmix_against_loops(monkeypatch):
    fixed(monkeypatch, cutmix, 0.75)
    method, data = made(CutMix, probability=1.0).double(), doubled(batch(("full",)))
    torch.manual_seed(4)
    mixed, targets = method.mix(data.views[0], one_hot(data.labels, CONTEXT.num_classes).double())
    torch.manual_seed(4)
    want = soft_cross_entropy(method.logits(method.encoder(mixed)), targets)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("settings", [{"alpha": 0.0}, {"probability": 0.0}])
def test_without_mixing_it_is_cross_entropy(settings):
    data = batch(("full",))
    torch.testing.assert_close(made(CutMix, **settings).loss(data), classifier().loss(data))
