"""Hoeffding's bound on held-out digits: by loops, at its level, and on the wrong images."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pipeline.methods.theory.held_out_bound import HeldOutBound


def check(**changes: object) -> HeldOutBound:
    return HeldOutBound(**{"images": 100, "training": False, **changes})


def test_by_loops() -> None:
    pixels, labels = load_digits(return_X_y=True)
    rows = [[sum(image[8 * i : 8 * i + 8]) for i in range(8)] for image in pixels]
    sample = check(images=5).draw(1, np.random.default_rng(0))

    def wrong(place: int) -> bool:
        nearest = min(sample[0], key=lambda each: math.dist(rows[each], rows[place]))
        return bool(labels[nearest] != labels[place])

    risk = sum(map(wrong, range(len(labels)))) / len(labels)
    error = sum(map(wrong, sample[1])) / 5
    assert check(images=5).measure(sample, 1)["gap"] == pytest.approx(error + math.sqrt(math.log(20) / 10) - risk)


def test_it_holds_on_images_held_out_and_not_on_those_trained_on() -> None:
    samples = [check().draw(1, np.random.default_rng(seed)) for seed in range(60)]
    rates = {
        way: np.mean([check(training=way).measure(each, 1)["violation"] for each in samples]) for way in (False, True)
    }
    assert rates[False] <= 0.05 < 0.5 < rates[True]
