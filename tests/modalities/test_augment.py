"""Augmentation against slow per-sample references in float64 and torchvision's own transforms."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.errors import UserError
from pipeline.modalities.images import Augmentation
from pipeline.modalities.images.augment import DRAWS, Augment, gaussian_blur, turn_hue
from pipeline.modalities.images.vision import torchvision

EVERYTHING = {
    "shift": 3,
    "crop_scale": [0.2, 1.0],
    "flip": 0.5,
    "jitter": 0.8,
    "brightness": 0.4,
    "contrast": 0.5,
    "saturation": 0.6,
    "hue": 0.2,
    "greyscale": 0.3,
    "blur": 0.5,
    "solarize": 0.3,
    "small_size": 9,
}


def images(count, channels, height=20, width=24, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, height, width), generator=generator, dtype=torch.uint8)


def plainly(policy, shape):
    """Augment whose normalisation changes nothing."""
    return Augment(Augmentation(**policy), shape, (0.0,) * shape[0], (1.0,) * shape[0])


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def reference(image, policy, kind, draws):
    """One image (C, H, W) uint8, one transform after the other, float64."""
    functional = torchvision().transforms.functional
    u = dict(zip(DRAWS, draws.tolist(), strict=True))
    p = Augmentation(**policy)
    channels, height, width = image.shape
    x = image.double() / 255
    dy, dx = (math.floor(u[name] * (2 * p.shift + 1)) - p.shift for name in ("shift_y", "shift_x"))
    moved = torch.zeros_like(x)
    for i in range(height):
        for j in range(width):
            if 0 <= i - dy < height and 0 <= j - dx < width:
                moved[:, i, j] = x[:, i - dy, j - dx]
    x = moved
    scale, size = {"full": (p.crop_scale, (height, width)), "small": (p.small_scale, (p.small_size,) * 2)}[kind]
    if scale:
        area = height * width * (scale[0] + u["area"] * (scale[1] - scale[0]))
        low, high = map(math.log, p.crop_ratio)
        ratio = math.exp(low + u["ratio"] * (high - low))
        tall = min(max(round(math.sqrt(area / ratio)), 1), height)
        wide = min(max(round(math.sqrt(area * ratio)), 1), width)
        top, left = math.floor(u["top"] * (height - tall + 1)), math.floor(u["left"] * (width - wide + 1))
        x = functional.resized_crop(x, top, left, tall, wide, list(size), antialias=False)
    if u["flip"] < p.flip:
        x = functional.hflip(x)

    def factor(name):
        strength = getattr(p, name)
        low = max(0.0, 1 - strength)
        return low + u[name] * (1 + strength - low)

    if u["jitter"] < p.jitter:
        x = functional.adjust_brightness(x, factor("brightness"))
        x = functional.adjust_contrast(x, factor("contrast"))
        if channels == 3:
            x = functional.adjust_saturation(x, factor("saturation"))
            x = functional.adjust_hue(x, (2 * u["hue"] - 1) * p.hue)
    if u["greyscale"] < p.greyscale and channels == 3:
        x = functional.rgb_to_grayscale(x, 3)
    if u["blur"] < p.blur:
        sigma = p.blur_sigma[0] + u["sigma"] * (p.blur_sigma[1] - p.blur_sigma[0])
        x = functional.gaussian_blur(x, [3, 3], [sigma, sigma])
    if u["solarize"] < p.solarize:
        x = torch.where(x >= 0.5, 1 - x, x)
    return x


@pytest.mark.parametrize("kind", ["full", "small"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_transform_in_order(channels, kind):
    x = images(48, channels)
    augment = plainly(EVERYTHING, x.shape[1:])
    draws = augment.draw(len(x), seeded())
    views = augment.apply(x, kind, draws)
    expected = torch.stack([reference(x[i], EVERYTHING, kind, draws[i]) for i in range(len(x))])
    # a pixel within rounding of the solarisation threshold may fall on its other side: one in ten thousand at most
    wrong = (views - expected).abs() > 2e-5
    assert wrong.float().mean() < 1e-4


def test_normalisation_and_plain():
    x = images(5, 3)
    mean, std = (0.1, 0.4, 0.6), (0.5, 0.25, 2.0)
    augment = Augment(Augmentation(**EVERYTHING), x.shape[1:], mean, std)
    views = augment(x, "plain")
    for c in range(3):
        torch.testing.assert_close(views[:, c], (x[:, c] / 255 - mean[c]) / std[c])
    draws = augment.draw(5, seeded())
    bare = plainly(EVERYTHING, x.shape[1:]).apply(x, "full", draws)
    torch.testing.assert_close(
        augment.apply(x, "full", draws), (bare - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    )


@pytest.mark.parametrize(
    "policy", [{}, {"crop_scale": [1.0, 1.0], "crop_ratio": [1.0, 1.0]}, {"jitter": 1.0}, {"brightness": 0.9}]
)
def test_identity(policy):
    x = images(8, 3, 16, 16)
    assert torch.equal(plainly(policy, (3, 16, 16))(x, "full", seeded()), x / 255)


def test_identity_of_other_samples():
    """Samples that jitter, greyscale, blur and solarisation pass over keep their bytes."""
    x = images(64, 3)
    policy = {**EVERYTHING, "shift": 0, "crop_scale": None, "flip": 0.0}
    augment = plainly(policy, x.shape[1:])
    draws = augment.draw(64, seeded())
    spared = torch.ones(64, dtype=torch.bool)
    for name in ("jitter", "greyscale", "blur", "solarize"):
        spared &= draws[:, DRAWS.index(name)] >= policy[name]
    assert spared.any()
    views = augment.apply(x, "full", draws)
    assert torch.equal(views[spared], x[spared] / 255)
    assert (views[~spared] != x[~spared] / 255).flatten(1).any(1).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_flip_and_shift_are_exact(channels):
    x = images(40, channels)
    assert torch.equal(plainly({"flip": 1.0}, x.shape[1:])(x, "full", seeded()), x.flip(-1) / 255)
    augment = plainly({"shift": 2}, x.shape[1:])
    draws = augment.draw(40, seeded())
    views = augment.apply(x, "full", draws)
    seen = set()
    for i in range(40):
        dy, dx = ((draws[i, DRAWS.index(name)] * 5).floor().int().item() - 2 for name in ("shift_y", "shift_x"))
        padded = F.pad(x[i], (2, 2, 2, 2)).roll((dy, dx), (1, 2))[:, 2:-2, 2:-2]
        assert torch.equal(views[i], padded / 255)
        seen |= {dy, dx}
    assert seen == {-2, -1, 0, 1, 2}


def test_one_channel_has_no_colour():
    x = images(16, 1)
    grey = {"jitter": 1.0, "brightness": 0.4, "contrast": 0.4}
    colour = {**grey, "saturation": 0.9, "hue": 0.5, "greyscale": 1.0}
    shape = x.shape[1:]
    assert torch.equal(plainly(grey, shape)(x, "full", seeded()), plainly(colour, shape)(x, "full", seeded()))


def test_seed_gives_bytes_and_nothing_else_does():
    x = images(32, 3)
    kept = x.clone()
    augment = plainly(EVERYTHING, x.shape[1:])
    first = augment(x, "full", seeded(5))
    assert torch.equal(first, augment(x, "full", seeded(5)))
    assert not torch.equal(first, augment(x, "full", seeded(6)))
    assert torch.equal(x, kept)
    one, other = seeded(7), seeded(7)
    plainly({}, x.shape[1:])(255 - x, "full", one)
    augment(x, "small", other)
    assert torch.equal(one.get_state(), other.get_state()), "draws depend on policy, kind or data"


def test_samples_do_not_see_their_neighbours(monkeypatch):
    x = images(30, 3)
    augment = plainly(EVERYTHING, x.shape[1:])
    draws = augment.draw(30, seeded())
    together = augment.apply(x, "full", draws)
    order = torch.randperm(30, generator=seeded(2))
    close = {"rtol": 0, "atol": 1e-5}
    torch.testing.assert_close(augment.apply(x[order], "full", draws[order]), together[order], **close)
    alone = torch.cat([augment.apply(x[i : i + 1], "full", draws[i : i + 1]) for i in range(30)])
    torch.testing.assert_close(alone, together, **close)
    monkeypatch.setattr("pipeline.modalities.images.augment.CHUNK", 7 * math.prod(x.shape[1:]))
    torch.testing.assert_close(augment.apply(x, "full", draws), together, **close)


def test_layout_and_autocast():
    x = images(6, 3)
    augment = plainly(EVERYTHING, x.shape[1:])
    views = augment(x, "small", seeded())
    assert views.is_contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(augment(x, "small", seeded()), views, rtol=0, atol=0)


def test_extreme_draws_stay_inside():
    """The largest number below one still gives a crop within the image, for any crop size."""
    last = torch.tensor(1.0).nextafter(torch.tensor(0.0)).item()
    x = torch.full((50, 1, 28, 28), 255, dtype=torch.uint8)
    draws = torch.full((50, len(DRAWS)), last)
    draws[:, DRAWS.index("area")] = torch.linspace(0, last, 50)
    views = plainly({"crop_scale": [0.01, 1.0]}, (1, 28, 28)).apply(x, "full", draws)
    torch.testing.assert_close(views, torch.ones_like(views))


def test_hue_by_the_standard_library():
    colorsys = pytest.importorskip("colorsys")
    x = torch.rand(4, 3, 5, 5, generator=seeded(), dtype=torch.float64)
    x[0, :, 0, 0] = 0.3  # grey: no hue to turn
    turn = torch.tensor([-0.5, -0.1, 0.0, 0.37], dtype=torch.float64)
    views = turn_hue(x, turn)
    for b in range(4):
        for i in range(5):
            for j in range(5):
                hue, saturation, value = colorsys.rgb_to_hsv(*x[b, :, i, j].tolist())
                expected = colorsys.hsv_to_rgb((hue + turn[b].item()) % 1, saturation, value)
                assert views[b, :, i, j].tolist() == pytest.approx(expected, abs=1e-12)


def test_blur_of_a_larger_image():
    functional = torchvision().transforms.functional
    x = torch.rand(3, 2, 64, 41, generator=seeded(), dtype=torch.float64)
    sigma = torch.tensor([0.1, 0.9, 2.0], dtype=torch.float64)
    expected = torch.stack([functional.gaussian_blur(x[i], [5, 7], [sigma[i].item()] * 2) for i in range(3)])
    torch.testing.assert_close(gaussian_blur(x, sigma), expected)  # kernel_size is (columns, rows)


def test_bad_kinds():
    x = images(2, 1)
    with pytest.raises(UserError, match="did you mean 'small'"):
        plainly(EVERYTHING, x.shape[1:])(x, "smal", seeded())
    with pytest.raises(UserError, match="small_size is null"):
        plainly({}, x.shape[1:])(x, "small", seeded())


def test_boxes_say_where_the_views_were_cut():
    """A ramp along each side, so that a view's border pixels tell which pixels of the image they are."""
    policy = Augmentation(crop_scale=[0.2, 0.8], flip=0.5, full_size=16)
    ramp = torch.arange(40, dtype=torch.uint8)
    images = torch.stack([ramp[:, None].expand(40, 40), ramp.expand(40, 40)])[:, None].repeat(8, 1, 1, 1)
    augment = Augment(policy, (1, 40, 40), (0.0,), (1.0,))
    views, boxes = augment.view(images, "full", torch.Generator().manual_seed(0))
    assert torch.equal(views, augment(images, "full", torch.Generator().manual_seed(0)))
    assert 0 < boxes[:, 4].sum() < 16
    for n, (top, left, height, width, mirrored) in enumerate(boxes.tolist()):
        assert top >= 0 and left >= 0 and top + height <= 40 and left + width <= 40
        start, length = (left, width) if n % 2 else (top, height)
        expected = (start + (torch.arange(16) + 0.5) * length / 16 - 0.5).clamp(start, start + length - 1)
        line = 255 * (views[n, 0, 8] if n % 2 else views[n, 0, :, 8])
        torch.testing.assert_close(line, expected.flip(0) if n % 2 and mirrored else expected, atol=1e-3, rtol=0)


def test_a_plain_views_box_is_the_image():
    augment = Augment(Augmentation(), (1, 6, 9), (0.0,), (1.0,))
    _, boxes = augment.view(torch.zeros(2, 1, 6, 9, dtype=torch.uint8), "plain")
    assert boxes.tolist() == [[0, 0, 6, 9, 0]] * 2


STRONG = {"shift": 1, "flip": 0.5, "jitter": 1.0, "brightness": 0.6, "contrast": 0.3, "cutout": 0.4}


def test_strong_views_are_full_ones_of_their_own_policy_and_a_square():
    x, policy = images(6, 1), {**EVERYTHING, "strong": STRONG}
    mean, std = (0.3,), (0.2,)
    found, boxes = Augment(Augmentation(**policy), (1, 20, 24), mean, std).view(x, "strong", seeded())
    draws = seeded()
    own = {name: value for name, value in STRONG.items() if name != "cutout"}
    expected, expected_boxes = Augment(Augmentation(**own), (1, 20, 24), mean, std).view(x, "full", draws)
    assert boxes.equal(expected_boxes)
    for view, centre in zip(expected, torch.rand(6, 2, generator=draws).tolist(), strict=True):
        y, x = math.floor(centre[0] * 20), math.floor(centre[1] * 24)
        for i in range(20):
            for j in range(24):
                # sides of 0.4 * 20 and 0.4 * 24 pixels
                if y - 4 <= i < y - 4 + 8 and x - 5 <= j < x - 5 + 10:
                    view[:, i, j] = 0.0
    assert found.equal(expected)


def test_strong_views_leave_the_others_alone():
    x = images(6, 1)
    for kind in ("full", "small"):
        without = plainly(EVERYTHING, (1, 20, 24))(x, kind, seeded())
        assert plainly({**EVERYTHING, "strong": STRONG}, (1, 20, 24))(x, kind, seeded()).equal(without)


def test_what_a_strong_view_draws_does_not_depend_on_its_policy():
    x, left = images(6, 1), []
    for policy in (STRONG, {"cutout": 0.0}):
        draws = seeded()
        plainly({"strong": policy}, (1, 20, 24))(x, "strong", draws)
        left.append(torch.rand(1, generator=draws))
    assert left[0] == left[1]


def test_strong_views_need_a_policy():
    with pytest.raises(UserError, match=r"augmentation\.strong is null.* strong views"):
        plainly({}, (1, 20, 24))(images(2, 1), "strong", seeded())
