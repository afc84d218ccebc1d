"""Prepared data are known by what they were made of: changed sources, options, code and files are noticed."""

import dataclasses
import importlib
import json
import re

import numpy as np
import pytest

from pipeline import files, modalities
from pipeline.errors import UserError
from pipeline.planning import data

KEY = "digits"


@pytest.fixture
def module(monkeypatch):
    """A small data set of this project's, with other arrays than its own: 3 x 4 training and 3 x 2 test images."""
    module = importlib.import_module(f"pipeline.modalities.images.datasets.{KEY}")
    about = dataclasses.replace(module.DATASET, classes=tuple("abc"), train_examples=12, test_examples=6)
    draws = np.random.default_rng(0)

    def arrays(root):
        return {
            **{f"{split}_images": draws.integers(0, 256, (n, 1, 8, 8), np.uint8) for split, n in sizes.items()},
            **{f"{split}_labels": np.arange(n) % 3 for split, n in sizes.items()},
        }

    sizes = {"train": 12, "test": 6}
    monkeypatch.setattr(module, "DATASET", about)
    monkeypatch.setattr(module, "arrays", arrays)
    return module


def files_of(root):
    return {path.name: path.read_bytes() for path in modalities.folder(KEY, root).iterdir()}


def test_what_was_made_of_the_same_is_left_alone_and_of_anything_else_is_made_again(module, tmp_path):
    place = modalities.prepare(KEY, tmp_path, "code")
    recipe = modalities.recipe(module.DATASET, "code")
    assert [f"{place.relative_to(tmp_path)}/{name}" for name in sorted(files_of(tmp_path))] == sorted(
        modalities.made(KEY, recipe)
    )
    assert json.loads((place / "manifest.json").read_text(encoding="utf-8"))["recipe"] == recipe
    before = files_of(tmp_path)
    modalities.prepare(KEY, tmp_path, "code")
    assert files_of(tmp_path) == before  # its arrays are drawn anew at every call
    assert modalities.load(KEY, tmp_path, recipe).classes == tuple("abc")
    seen = {recipe}
    about = module.DATASET
    for changes, code in [({}, "edited"), ({"pins": {"x": "md5:0"}}, "code"), ({"classes": tuple("abd")}, "code")]:
        module.DATASET = dataclasses.replace(about, **changes)
        other = modalities.recipe(module.DATASET, code)
        with pytest.raises(UserError, match=r"manifest.json: made of other sources, options or code than today's; run"):
            modalities.load(KEY, tmp_path, other)
        modalities.prepare(KEY, tmp_path, code)
        assert modalities.load(KEY, tmp_path, other).digest
        assert {path.name for path in place.glob("recipe-*")} == {f"recipe-{other[:8]}"}
        seen.add(other)
    assert len(seen) == 4


def test_a_stamp_is_there_only_where_the_arrays_are_those_it_names(module, tmp_path, monkeypatch):
    place = modalities.prepare(KEY, tmp_path, "code")
    before = files_of(tmp_path)
    stamp = next(place.glob("recipe-*"))
    stamp.unlink()  # as a kill between manifest and stamp leaves it
    modalities.prepare(KEY, tmp_path, "code")
    assert files_of(tmp_path) == before
    monkeypatch.setattr(files, "write_sealed", lambda *args, **kw: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        modalities.prepare(KEY, tmp_path, "edited")
    assert not {"manifest.json", stamp.name} & files_of(tmp_path).keys()


@pytest.mark.parametrize("name", ["mean", "std", "class_counts", "recipe", "sha256", "noun", "splits"])
def test_a_digit_changed_in_a_manifest_is_noticed(module, tmp_path, name):
    path = modalities.prepare(KEY, tmp_path, "code") / "manifest.json"
    text = path.read_text(encoding="utf-8")
    at = text.index(f'"{name}"') + len(name) + 2
    found = re.search(r"[0-9a-z](?=[^a-z]*)", text[at:])
    place = at + found.start()
    path.write_text(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :], encoding="utf-8")
    with pytest.raises(UserError, match=r"manifest.json: changed since it was written; run `python"):
        modalities.load(KEY, tmp_path)
    modalities.prepare(KEY, tmp_path, "code")
    assert modalities.verify(KEY, tmp_path, modalities.recipe(module.DATASET, "code"))


def test_manifests_from_before_are_made_again(module, tmp_path):
    path = modalities.prepare(KEY, tmp_path) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    with pytest.raises(UserError, match="changed since it was written"):
        modalities.load(KEY, tmp_path)
    modalities.prepare(KEY, tmp_path)
    assert modalities.load(KEY, tmp_path).mean


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"test_images": None},
            "arrays() gives no 'test_images'; it must give train_images, train_labels",
        ),
        (
            {"train_labels": np.zeros(12, np.int64)},
            "train_labels have none of class 'b'; each class",
        ),
        ({"test_labels": np.arange(6) % 2}, "test_labels have none of class 'c'"),
        ({"test_labels": [0] * 6}, "test_labels has shape none and type list, expected (6,) and int64"),
    ],
)
def test_arrays_that_a_module_gets_wrong_are_one_line(module, tmp_path, monkeypatch, wrong, told):
    right = module.arrays(tmp_path)
    made = {name: value for name, value in {**right, **wrong}.items() if value is not None}
    monkeypatch.setattr(module, "arrays", lambda root: made)
    with pytest.raises(UserError, match=re.escape(told)):
        modalities.prepare(KEY, tmp_path)
    assert not (tmp_path / "data").exists()


def test_sources_that_change_while_they_are_read_are_one_line(module, tmp_path, monkeypatch):
    read = module.arrays

    def arrays(root):
        module.DATASET = dataclasses.replace(module.DATASET, pins={"x": "md5:1"})
        return read(root)

    monkeypatch.setattr(module, "arrays", arrays)
    with pytest.raises(UserError, match="its files changed while they were read"):
        modalities.prepare(KEY, tmp_path)


def test_the_plan_knows_a_data_set_by_the_code_that_makes_it():
    recipes = {key: data.recipe(key) for key in ("digits", "fashion_mnist", "fashion_mnist_small", "abalone")}
    assert len(set(recipes.values())) == 4
    assert recipes["digits"] == modalities.recipe(modalities.describe("digits"), data.code("digits"))


def test_further_arrays_are_prepared_loaded_and_count(module, tmp_path):
    """Those of a data set that says what they are, with names of their numbers; one wrong is one line."""
    plain = module.DATASET
    further = {
        "train_places": modalities.Further((12,), "uint8", ("here", "there")),
        "class_heights": modalities.Further((3, 2), "float32"),
    }
    module.DATASET = modalities.Annotated(**vars(plain), further=further)
    places, heights = np.arange(12, dtype=np.uint8) % 2, np.ones((3, 2), np.float32)
    read = module.arrays
    module.arrays = lambda root: {**read(root), "train_places": places, "class_heights": heights}
    place, recipe = modalities.prepare(KEY, tmp_path), modalities.recipe(module.DATASET)
    assert {path.name for path in place.iterdir()} == {path.split("/")[-1] for path in modalities.made(KEY, recipe)}
    found = modalities.load(KEY, tmp_path, recipe)
    assert found.further["train_places"].tolist() == places.tolist()
    assert found.further["class_heights"].tolist() == heights.tolist()
    assert found.names == {"train_places": ("here", "there"), "class_heights": ()}
    path = place / "train_places.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\2")
    with pytest.raises(UserError, match=r"train_places.npy"):
        modalities.load(KEY, tmp_path)
    module.arrays = lambda root: {**read(root), "train_places": places}
    with pytest.raises(UserError, match="arrays\\(\\) gives no 'class_heights'"):
        modalities.prepare(KEY, tmp_path)
    renamed = {**further, "train_places": modalities.Further((12,), "uint8", ("here", "elsewhere"))}
    assert (
        len(
            {
                recipe,
                *(modalities.recipe(each) for each in (plain, dataclasses.replace(module.DATASET, further=renamed))),
            }
        )
        == 3
    )
    module.DATASET, module.arrays = plain, read
    modalities.prepare(KEY, tmp_path)
    assert type(modalities.load(KEY, tmp_path)) is modalities.Prepared
