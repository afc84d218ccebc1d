"""Textures told apart by their structure; spoilt images by what they keep; the shift by its mean and deviation."""

import pytest
import torch

from pipeline.modalities.images.outliers import outliers, shifted


def noise(count, seed, side):
    return torch.randint(0, 256, (count, 1, side, side), generator=torch.Generator().manual_seed(seed)).byte()


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
