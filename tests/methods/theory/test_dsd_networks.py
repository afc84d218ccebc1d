"""Trained networks on a signal in one of many patches: the images, errors by loops, and a signal in one place."""

import numpy as np
import pytest

from pipeline.methods.theory.dsd_networks import DsdNetworks
from pipeline.ops import patch_networks


def check(**changes: object) -> DsdNetworks:
    return DsdNetworks(**{"patches": 12, "examples": 400, "noise": 0.4, "iterations": 120, "fixed": False, **changes})


@pytest.mark.parametrize("fixed", [False, True])
def test_images_have_one_signal_and_noise_of_the_length_stated(fixed: bool) -> None:
    images, labels = check(noise=0.01, fixed=fixed).draw(1, np.random.default_rng(0))[0]
    signals = images[:, :, 0] * labels[:, None]
    places = signals.argmax(1)
    assert signals.max(1) == pytest.approx(np.ones(400), abs=0.2) and set(places) == set(range(1 if fixed else 12))
    images[np.arange(400), places, 0] -= labels
    assert (images**2).sum(2).mean() == pytest.approx(0.01, rel=0.05)


def test_errors_by_loops() -> None:
    made = check(patches=4, examples=40, iterations=30)
    train, test, weights = made.draw(1, np.random.default_rng(1))
    errors = {}
    for kind, start in weights.items():
        w, b = patch_networks.trained(kind, train.patches, train.labels, start, 30)
        errors[kind] = 0.0
        for image, label in zip(test.patches, test.labels, strict=True):
            value = patch_networks.values(kind, image[None], w, b)[0] * label
            errors[kind] += (1.0 if value < 0 else 0.5 if value == 0 else 0.0) / len(test.labels)
    found = made.measure((train, test, weights), 1)
    assert found["level"] == pytest.approx(errors["convolutional"])
    assert found["gap_local"] == pytest.approx(errors["local"] - errors["convolutional"])
    assert found["gap_full"] == pytest.approx(errors["full"] - errors["local"])


def test_networks_differ_unless_the_signal_stays_in_one_place() -> None:
    for fixed in (False, True):
        made = check(fixed=fixed)
        found = [made.measure(made.draw(1, np.random.default_rng(r)), 1) for r in range(2)]
        for name in ("gap_local", "gap_full"):
            assert (np.mean([each[name] for each in found]) > 0.01) is not fixed, name
