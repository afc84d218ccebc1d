"""A private softmax layer: by loops over images, its Lipschitz constants, and where clipping changes nothing."""

import numpy as np
import pytest

from pipeline.methods.theory.dp_clip_norm import CLASSES, RATES, DpClipNorm, private_softmax
from pipeline.ops.small_sets import digits


def check(**changes: object) -> DpClipNorm:
    given = {"smallest": 25, "largest": 400, "steps": 5, "examples": 500, "iterations": 30, "epsilon": 2.0}
    return DpClipNorm(**{**given, "public": False, **changes})


def gradient(w: np.ndarray, point: np.ndarray, label: int) -> np.ndarray:
    scores = np.exp(point @ w)
    residual = scores / scores.sum()
    residual[label] -= 1
    return np.outer(point, residual)


def test_steps_by_loops_over_images() -> None:
    x, y = (each[:20] for each in digits())
    noise = 0.01 * np.random.default_rng(0).normal(size=(3, 64, len(RATES), CLASSES))
    found = private_softmax(x, y, 2.0, noise)
    for index, rate in enumerate(RATES):
        w = np.zeros((64, CLASSES))
        for drawn in noise:
            step = drawn[:, index].copy()
            for point, label in zip(x, y, strict=True):
                each = gradient(w, point, label)
                step += min(1.0, 2.0 / np.linalg.norm(each)) * each / 20
            w = w - rate / 2.0 * step
        assert found[:, index] == pytest.approx(w, abs=1e-9)


def test_no_gradient_is_above_its_lipschitz_constant_which_is_approached() -> None:
    point, random = digits()[0][0], np.random.default_rng(0)
    constant = np.sqrt(2) * np.linalg.norm(point)
    norms = [np.linalg.norm(gradient(3 * random.normal(size=(64, CLASSES)), point, 0)) for _ in range(200)]
    assert 0.99 * constant < max(norms) <= constant * (1 + 1e-12)


def test_where_all_are_clipped_the_clip_norm_changes_nothing() -> None:
    """Noise is proportional to it. Short of that it does: large clip norms leave gradients as they are."""
    x, y = (each[:100] for each in digits())
    noise = np.random.default_rng(0).normal(size=(3, 64, len(RATES), CLASSES))
    one, other, large = (private_softmax(x, y, clip, 1e-3 * clip * noise)[:, 0] for clip in (1e-3, 1e-4, 10.0))
    assert one == pytest.approx(other, abs=1e-12)
    assert np.abs(large - one).max() > 1e-3


def summed(made: DpClipNorm, repetitions: int) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size)["accuracy"] for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return made.summary(made.sizes(), {"accuracy": np.array(rows)})


def test_noise_makes_large_ones_costly() -> None:
    assert summed(check(), 4)["gap"].min() > 0.05
    assert abs(summed(check(public=True), 4)["gap"].mean()) < 0.02
