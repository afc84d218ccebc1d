"""The estimate of smoothness: by eigenvectors of the kernel matrix itself, without noise, and with too much of it."""

import numpy as np
import pytest

from pipeline.methods.theory.smoothness_estimate import MODES, Sample, SmoothnessEstimate


def check(**changes: object) -> SmoothnessEstimate:
    defaults = {"smallest": 5000, "largest": 50000, "steps": 3, "smoothness": 1.0, "kept": 10, "coin": False}
    return SmoothnessEstimate(**{**defaults, **changes})


def estimates(made: SmoothnessEstimate, size: int, repetitions: int = 15) -> np.ndarray:
    return np.array(
        [made.measure(made.draw(size, np.random.default_rng(seed)), size)["smoothness"] for seed in range(repetitions)]
    )


def test_the_estimate_by_the_kernel_matrix_of_all_examples() -> None:
    made = check(kept=6)
    counts, sums = made.draw(300, np.random.default_rng(0))
    x, y = [], []
    for cell, (count, total) in enumerate(zip(counts, sums, strict=True)):
        x += [(cell + 0.5) / len(counts)] * int(count)
        y += [1.0] * int((count + total) / 2) + [-1.0] * int((count - total) / 2)
    j = np.arange(1, MODES + 1)
    modes = np.sqrt(2) * np.cos(np.pi * np.outer(x, j))
    values, vectors = np.linalg.eigh((modes / j**2) @ modes.T / 300)
    logs = [np.log((vectors[:, -k] @ np.array(y)) ** 2 / 300) for k in range(1, 7)]
    slope = np.polyfit(np.log(values[:-7:-1]), logs, 1)[0]
    assert made.measure(Sample(counts, sums), 300)["smoothness"] == pytest.approx(slope - 0.5, rel=1e-6)


@pytest.mark.parametrize("smoothness", [0.6, 1.0, 1.5])
def test_with_one_example_in_every_cell_and_no_noise_the_estimate_is_exact(smoothness: float) -> None:
    made = check(smoothness=smoothness)
    cosines = made.cosines
    truth = cosines.function(cosines.j ** (-(2 * smoothness + 1) / 2))
    found = made.measure(Sample(np.ones(cosines.cells), truth), cosines.cells)["smoothness"]
    assert found == pytest.approx(smoothness, abs=1e-6)


def test_many_examples_tell_two_smoothnesses_apart() -> None:
    rough, smooth = (estimates(check(smoothness=smoothness), 50_000) for smoothness in (0.6, 1.0))
    assert rough.mean() == pytest.approx(0.6, abs=0.1) and smooth.mean() == pytest.approx(1.0, abs=0.1)
    assert abs(smooth.mean() + 0.5 - 1.0) > 0.4, "a slope without the decay's reciprocal taken off would be seen"


def test_noise_in_the_slope_is_seen() -> None:
    assert estimates(check(kept=150), 50_000, 5).mean() < 0.6
    assert estimates(check(coin=True), 5000, 40).mean() == pytest.approx(-0.5, abs=0.3)
