"""One step on images with a signal: on images in full, in closed form, and with the signal always in one place."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.dsd_one_step import DsdOneStep, Images

Array = np.ndarray


def check(**changes: object) -> DsdOneStep:
    return DsdOneStep(**{"smallest": 16, "largest": 64, "steps": 2, "noise": 0.4, "fixed": False, **changes})


def images(count: int, k: int, noise: float, random: np.random.Generator) -> tuple[Array, Array]:
    labels = np.where(random.random(count) < 0.5, 1.0, -1.0)
    x = math.sqrt(noise / k) * random.normal(size=(count, k, k))
    for image, label in zip(x, labels, strict=True):
        image[random.integers(k), 0] += label
    return x, labels


def in_full(n: int, k: int, random: np.random.Generator) -> list[float]:
    """Errors of convolutional, local and full networks after a step, on images, by loops over patches."""
    x, y = images(n, k, 0.4, random)
    test, truth = images(200, k, 0.4, random)
    local = [sum(label * image[i] for image, label in zip(x, y, strict=True)) / n for i in range(k)]
    shared = sum(local)
    errors = []
    for filters in ([shared] * k, [k * w for w in local], None):
        wrong = 0.0
        for image, label in zip(test, truth, strict=True):
            if filters is None:
                value = sum(float(local[i] @ image[i]) for i in range(k))
            else:
                z = [float(filters[i] @ image[i]) for i in range(k)]
                value = sum(max(each - 0.5, 0) - max(-each - 0.5, 0) for each in z)
            wrong += 0.5 if value == 0 else float(value * label < 0)
        errors.append(wrong / 200)
    return errors


def test_errors_are_on_average_those_on_images_in_full() -> None:
    """Of 60 sets of training images, so few that no network is near an error of 0 or of 1/2."""
    made, k = check(), 6
    full = np.mean([in_full(12, k, np.random.default_rng(r)) for r in range(60)], axis=0)
    samples = [made.draw(k, np.random.default_rng(100 + r))[0] for r in range(60)]
    learners = (made.convolutional, made.local, made.full)
    assert full == pytest.approx([np.mean([learner(each, 12) for each in samples]) for learner in learners], abs=0.04)
    more = [np.mean([learner(each, 48) for each in samples]) for learner in learners[1:]]
    assert (full[1:] - more > 0.05).all(), "noise as of four times as many examples would be seen"


def test_full_connections_with_even_signals_in_closed_form() -> None:
    """Without noise in training an error of Phi(-1 / (sigma sqrt(k)))."""
    k = 9
    even = Images(np.arange(9), np.zeros(k), np.zeros((k, k - 1)), np.zeros(1, int), np.zeros((1, k)))
    expected = math.erfc(1 / math.sqrt(2 * 0.4 / k * k)) / 2
    assert check().full(even, 9) == pytest.approx(expected)


def test_numbers_of_examples_grow_as_stated_and_not_at_all_for_a_signal_in_one_place() -> None:
    for fixed, least in ((False, [0.5, 1.0, 2.0]), (True, [0.0, 0.0, 0.0])):
        made = check(fixed=fixed)
        rows = [[made.measure(made.draw(k, np.random.default_rng(r)), k) for k in (16, 64)] for r in range(4)]
        curves = {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
        found = made.summary([16, 64], curves)
        assert found["exponent_convolutional"].mean() < 0.5
        assert found["exponent_local"].mean() == pytest.approx(least[1], abs=0.3)
        assert found["exponent_full"].mean() == pytest.approx(least[2], abs=0.3)
