"""Glyphs: pinned bytes, which characters and why, what is recorded of each class and image, degradations by level."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline import modalities
from pipeline.errors import UserError
from pipeline.modalities.images.datasets import glyphs, glyphs_degraded
from pipeline.modalities.images.drawing import characters, degrade
from pipeline.planning import identity

ROOT = Path(__file__).resolve().parents[2]
CLASSES, FACES = 1112, 12
DIGESTS = {
    "class_attributes": "cfbb09bdd075",
    "class_cases": "755aedd8ec71",
    "class_characters": "1706a386d3ba",
    "class_coarse": "328a3a687783",
    "class_images": "74596d2c92f8",
    "class_scripts": "9ad1a9cc3d74",
    "test_degradations": "0db12a7252ce",
    "test_domains": "d9d5469985a5",
    "test_faces": "f04f7d0ccff2",
    "test_images": "8501e0177b02",
    "test_labels": "f18b791836e7",
    "test_levels": "0db12a7252ce",
    "train_degradations": "0db12a7252ce",
    "train_domains": "d9d5469985a5",
    "train_faces": "f04f7d0ccff2",
    "train_images": "1ff208a929a8",
    "train_labels": "f18b791836e7",
    "train_levels": "0db12a7252ce",
}
DEGRADED = {
    "test_degradations": "e1308638537e",
    "test_images": "762de2778b17",
    "test_levels": "07f325cabac7",
    "train_degradations": "d875aeaf1da8",
    "train_images": "2a2e0c437584",
    "train_levels": "110ccf95e8c2",
}


@pytest.fixture(scope="module")
def made():
    return glyphs.arrays(ROOT)


@pytest.fixture(scope="module")
def degraded(made):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glyphs, "arrays", lambda root: dict(made))
        return glyphs_degraded.arrays(ROOT)


def place(character):
    return glyphs.CODES.index(ord(character))


def digests(arrays):
    return {name: hashlib.sha256(array.tobytes()).hexdigest()[:12] for name, array in sorted(arrays.items())}


def test_the_bytes_are_the_recorded_ones(made, degraded):
    assert digests(made) == DIGESTS
    assert digests({name: array for name, array in degraded.items() if array is not made[name]}) == DEGRADED


def test_the_arrays_are_those_described(made, degraded):
    for module, arrays in ((glyphs, made), (glyphs_degraded, degraded)):
        expected = modalities.arrays_of(module.DATASET)
        assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items()} == expected
        for name, further in module.DATASET.further.items():
            if name != "class_attributes" and further.names:
                assert arrays[name].max() < len(further.names)


def test_every_class_has_every_face_once_in_each_split(made):
    for split in ("train", "test"):
        pairs = np.stack([made[f"{split}_labels"], made[f"{split}_faces"]], axis=1)
        assert len(pairs) == CLASSES * FACES == len(np.unique(pairs, axis=0))
        domain = [list(glyphs.FACES.values())[face] for face in made[f"{split}_faces"]]
        assert [glyphs.DOMAINS[each] for each in made[f"{split}_domains"]] == domain
    images = np.concatenate([made["train_images"], made["test_images"]])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.astype(int).sum((1, 2, 3)).min() > 3 * 255


def test_the_characters_are_those_that_can_be_told_apart():
    assert tuple(glyphs.chosen()) == glyphs.CODES
    assert len(glyphs.CODES) == CLASSES == len(set(glyphs.DATASET.classes))
    # the Cyrillic and Greek A, the sign for ohm, the Cyrillic o, the long s
    for kept, left_out in ("A\u0410", "A\u0391", "\u03a9\u2126", "o\u043e", "s\u017f"):
        assert ord(kept) in glyphs.CODES and ord(left_out) not in glyphs.CODES


def test_no_two_classes_look_alike(made):
    """Plain letters differ by a white pixel at least in every face (`chosen`), means over a class's images by more."""
    images = np.concatenate([made["train_images"], made["test_images"]]).astype(np.float64)
    means = images.reshape(2 * FACES, CLASSES, -1).mean(0)
    apart = np.array([np.delete(np.abs(means - mean).sum(1), at).min() for at, mean in enumerate(means)])
    assert apart.min() == pytest.approx(927, abs=1), "iota with two dots, and with a macron"
    assert np.median(apart) == pytest.approx(2371, abs=1)
    plain = made["class_images"].reshape(CLASSES, -1).astype(int)
    assert min(np.delete(np.abs(plain - each).sum(1), at).min() for at, each in enumerate(plain)) >= glyphs.APART


def test_letters_lie_inside_their_images(made):
    """No outline is cut, but of letters wider or higher than the image: seldom is there much ink on the border."""
    images = np.concatenate([made["train_images"], made["test_images"]])[:, 0].astype(int)
    border = np.concatenate([images[:, [0, -1]].max(2), images[:, :, [0, -1]].max(1)], axis=1)
    assert (border == 255).any(1).mean() < 0.15


def test_plain_images_are_those_of_the_first_face_undeformed(made):
    for character in "eЖ":
        image = glyphs.plain(glyphs.outlines("DejaVuSans", [ord(character)]))[0]
        assert np.array_equal(made["class_images"][place(character), 0], image)
    small, capital = (made["class_images"][place(each), 0].astype(int) for each in "oO")
    assert (small > 0).any(1).sum() < (capital > 0).any(1).sum(), "one scale for all letters"


@pytest.mark.parametrize(
    ("character", "coarse", "attributes"),
    [
        ("é", "latin small e", {"script latin", "case small", "letter latin e", "mark acute"}),
        ("Ṹ", "latin capital u", {"script latin", "case capital", "letter latin u", "mark tilde", "mark acute"}),
        ("ɛ", "latin small e", {"script latin", "case small", "letter latin e", "mark open"}),
        ("ʀ", "latin small capital r", {"script latin", "case small capital", "letter latin r"}),
        ("ώ", "greek small omega", {"script greek", "case small", "letter greek omega", "mark acute"}),
        ("Щ", "cyrillic capital shcha", {"script cyrillic", "case capital", "letter cyrillic shcha"}),
        ("ღ", "georgian ghan", {"script georgian", "case none", "letter georgian ghan"}),
        ("7", "digit seven", {"script digit", "case none", "letter digit seven"}),
    ],
)
def test_what_is_known_of_characters(made, character, coarse, attributes):
    at = place(character)
    assert glyphs.COARSE[made["class_coarse"][at]] == coarse
    assert {glyphs.ATTRIBUTES[i] for i in np.flatnonzero(made["class_attributes"][at])} == attributes
    assert f"script {glyphs.SCRIPTS[made['class_scripts'][at]]}" in attributes
    assert f"case {glyphs.CASES[made['class_cases'][at]]}" in attributes
    assert made["class_characters"][at] == ord(character)


def test_attributes_tell_classes_apart_and_each_is_had(made):
    table = made["class_attributes"]
    assert len(np.unique(table, axis=0)) == CLASSES
    assert table.any(0).all() and len(set(glyphs.ATTRIBUTES)) == table.shape[1]
    for kind in ("script", "case", "letter"):
        assert (table[:, [name.startswith(f"{kind} ") for name in glyphs.ATTRIBUTES]].sum(1) == 1).all()


def test_the_same_mark_has_one_name():
    """Greek tonos, oxia and the acute are one combining mark, U+0301."""
    for pair in ("άὰ", "έὲ"):
        acute, grave = (characters.character(ord(each)).marks for each in pair)
        assert (acute, grave) == (("acute",), ("grave",))


def test_degraded_images_are_those_of_glyphs_at_level_0_and_recorded(made, degraded):
    for split in ("train", "test"):
        kinds, levels = degraded[f"{split}_degradations"], degraded[f"{split}_levels"]
        assert np.array_equal(kinds == 0, levels == 0)
        assert not made[f"{split}_levels"].any() and not made[f"{split}_degradations"].any()
        for each in ("labels", "faces", "domains"):
            assert np.array_equal(degraded[f"{split}_{each}"], made[f"{split}_{each}"])
        same = (degraded[f"{split}_images"] == made[f"{split}_images"]).all((1, 2, 3))
        assert same[levels == 0].all() and same[levels > 0].mean() < 0.05
        shares = np.bincount(kinds[levels > 0] * 8 + levels[levels > 0], minlength=40).reshape(5, 8)[1:, 1:]
        assert np.abs(shares / len(kinds) * 32 - 1).max() < 0.2
    assert ("none", *degrade.KINDS) == glyphs.DEGRADATIONS


@pytest.mark.parametrize("kind", degrade.KINDS)
def test_more_of_a_degradation_is_further_from_the_image_and_harms_more(made, kind):
    images, labels = made["test_images"][: 2 * CLASSES, 0], made["test_labels"][: 2 * CLASSES]
    gallery = made["train_images"][: 2 * CLASSES, 0].reshape(2 * CLASSES, -1).astype(np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    distances, right = [], []
    for level in range(degrade.LEVELS):
        levels = np.full(len(images), level)
        worse = degrade.KINDS[kind](images, levels, np.random.RandomState(0))
        distances.append(np.abs(worse.astype(int) - images).mean())
        nearest = (worse.reshape(len(images), -1).astype(np.float32) @ gallery.T).argmax(1)
        right.append((labels[nearest] == labels).mean())
    assert distances[0] == 0 and (np.diff(distances) > 1).all()
    assert right[-1] < 0.4 * right[0] and (np.diff(right) < 0.01).all()


def test_blur_by_exact_fractions():
    image = np.zeros((1, 16, 16), np.uint8)
    image[0, 3:9, 7] = 255
    wide = image[0].astype(np.float64)
    level = 5
    for _ in range(degrade.PASSES):
        for axis in (0, 1):
            padded = np.pad(wide, 1)
            sides = np.roll(padded, 1, axis) + np.roll(padded, -1, axis)
            wide = (padded + level / 28 * (sides - 2 * padded))[1:-1, 1:-1]
    found = degrade.blurred(image, np.array([level]), np.random.RandomState(0))[0]
    assert np.abs(found - wide).max() <= 1 and found.max() < 200


def test_low_resolution_by_the_area_that_pixels_share():
    image = np.random.RandomState(0).randint(0, 256, (1, 16, 16)).astype(np.uint8)
    for level, size in enumerate(degrade.SIZES):
        found = degrade.coarsened(image, np.array([level]), np.random.RandomState(0))[0]
        fine = image[0].repeat(size, 0).repeat(size, 1).astype(np.float64)  # a grid that both sizes divide
        coarse = fine.reshape(size, 16, size, 16).mean((1, 3))
        back = coarse.repeat(16, 0).repeat(16, 1).reshape(16, size, 16, size).mean((1, 3))
        assert np.abs(found - back).max() <= 0.5 + 1e-9


def test_scraps_are_squares_of_other_images():
    images = np.arange(1, 21, dtype=np.uint8)[:, None, None].repeat(16, 1).repeat(16, 2)
    levels = np.arange(20) % 8
    found = degrade.covered(images, levels, np.random.RandomState(3))
    for before, after, level in zip(images, found, levels, strict=True):
        other = after != before
        assert other.sum() == degrade.SCRAPS[level] ** 2 and len(np.unique(after[other])) <= 1


def test_the_code_that_draws_counts_as_the_data_sets():
    """The digest of what makes them covers the modules that draw; a change there makes them stale."""
    for key in ("glyphs", "glyphs_degraded"):
        reached = identity.reached(f"{modalities.module(key)}:arrays")
        assert "filled" in reached["pipeline.modalities.images.drawing.lettering"]
        assert "character" in reached["pipeline.modalities.images.drawing.characters"]
    degrading = "pipeline.modalities.images.drawing.degrade"
    assert {"degraded", "noisy"} <= identity.reached(f"{modalities.module('glyphs_degraded')}:arrays")[degrading]
    assert degrading not in identity.reached(f"{modalities.module('glyphs')}:arrays")


def test_another_font_file_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(glyphs.metadata, "distribution", lambda name: Elsewhere(tmp_path))
    with pytest.raises(UserError, match=r"matplotlib's DejaVuSans.ttf is missing; install matplotlib as"):
        glyphs.outlines("DejaVuSans", [65])
    (tmp_path / "DejaVuSans.ttf").write_bytes(b"another")
    with pytest.raises(UserError, match=r"DejaVuSans.ttf: sha256 .*, expected .*; install matplotlib as"):
        glyphs.outlines("DejaVuSans", [65])


class Elsewhere:
    def __init__(self, folder):
        self.folder = folder

    def locate_file(self, path):
        return self.folder / Path(path).name
