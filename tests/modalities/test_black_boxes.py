"""Functions to be maximised: values by loops, their greatest ones, the worse half, what is a design."""

import itertools
import math

import numpy as np
import pytest

from pipeline.modalities.tables.datasets import ackley, random_binding, rastrigin, styblinski_tang

BOXES = [ackley, rastrigin, styblinski_tang]
EVERY = [*BOXES, random_binding]
PEAKS = {"ackley": 0.0, "rastrigin": 0.0, "styblinski_tang": -2.903534027771}


def one_by_one(key, x):
    """The functions as they stand in books, negated."""
    n = len(x)
    if key == "ackley":
        root, mean = math.sqrt(sum(v * v for v in x) / n), sum(math.cos(2 * math.pi * v) for v in x) / n
        return -(-20 * math.exp(-0.2 * root) - math.exp(mean) + 20 + math.e)
    if key == "rastrigin":
        return -(10 * n + sum(v * v - 10 * math.cos(2 * math.pi * v) for v in x))
    return -sum(v**4 - 16 * v**2 + 5 * v for v in x) / 2


@pytest.mark.parametrize("module", BOXES)
def test_a_function_and_its_greatest_value(module):
    about = module.DATASET
    rows = np.random.RandomState(3).uniform(about.low, about.high, (40, *about.shape))
    assert module.value(rows) == pytest.approx([one_by_one(about.key, row) for row in rows.tolist()])
    peak = np.full((1, *about.shape), PEAKS[about.key])
    assert module.value(peak)[0] == pytest.approx(about.best, abs=1e-9)
    assert (np.abs(peak) < min(-about.low, about.high)).all()
    near = peak + np.random.RandomState(4).normal(0, 0.01, (200, *about.shape))
    assert (module.value(near) < about.best).all() and (module.value(rows) < about.best).all()


def test_sequences_are_scored_by_the_network_unit_by_unit():
    first, second, last = random_binding.weights()
    assert {value for layer in (first, second, last) for value in layer.ravel()} == set(range(-3, 4))
    rows = random_binding.sequences()
    assert len(np.unique(rows, axis=0)) == len(rows) == 4**8
    assert [tuple(row.reshape(8, 4).argmax(1)) for row in rows[:70]] == list(
        itertools.islice(itertools.product(range(4), repeat=8), 70)
    )
    values = random_binding.value(rows.astype(float))
    for at in (0, 1, 5000, 65535):
        chosen = [4 * place + letter for place, letter in enumerate(rows[at].reshape(8, 4).argmax(1))]
        hidden = [max(0, sum(first[c, unit] for c in chosen)) for unit in range(32)]
        hidden = [max(0, sum(h * second[i, unit] for i, h in enumerate(hidden))) for unit in range(32)]
        assert values[at] == sum(h * last[i, 0] for i, h in enumerate(hidden))
    assert values.max() == random_binding.DATASET.best and (values == values.max()).sum() == 1


@pytest.mark.parametrize("module", EVERY)
def test_what_is_known_is_of_the_worse_half(module, tmp_path):
    arrays, about = module.arrays(tmp_path), module.DATASET
    again = module.arrays(tmp_path)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
    assert arrays["train_labels"].max() <= arrays["test_labels"].min()
    assert len(np.unique(arrays["train_rows"], axis=0)) == about.train_examples
    for split in ("train", "test"):
        rows, labels = arrays[f"{split}_rows"], arrays[f"{split}_labels"]
        assert module.value(rows.astype(float)) == pytest.approx(labels, rel=1e-6)
        assert np.array_equal(about.feasible(rows), rows)


def test_the_halves_of_the_sequences_are_of_all_of_them(tmp_path):
    values = np.sort(random_binding.value(random_binding.sequences().astype(float)))
    arrays = random_binding.arrays(tmp_path)
    assert arrays["train_labels"].max() <= values[4**8 // 2] <= arrays["test_labels"].min()


def test_what_a_row_stands_for():
    box = styblinski_tang.DATASET
    row = np.linspace(-8, 7, 16)[None]
    assert box.feasible(row)[0].tolist() == [min(max(v, -5.0), 5.0) for v in row[0].tolist()]
    row = np.random.RandomState(0).normal(size=(3, 32))
    found = random_binding.DATASET.feasible(row)
    for own, made in zip(row.reshape(3, 8, 4).tolist(), found.reshape(3, 8, 4).tolist(), strict=True):
        for place, letter in zip(own, made, strict=True):
            assert letter == [float(value == max(place)) for value in place]
