"""Tilted boundaries: distances by loops, two clouds in closed form, and directions in which images vary."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.boundary_tilting import BoundaryTilting, Images
from pipeline.ops import newton_logistic


def check(**changes: object) -> BoundaryTilting:
    return BoundaryTilting(**{"first_component": False, "shift": 0.0, **changes})


def clouds(seed: int, flat: float) -> Images:
    """Two far classes in the plane, and a third coordinate of so little variance."""
    random = np.random.default_rng(seed)
    signs = np.where(np.arange(80) % 2 == 0, 1.0, -1.0)
    features = random.normal(size=(80, 3)) * [0.3, 1.0, flat]
    features[:, :2] += 3 * signs[:, None] * np.array([1.0, 0.5])
    return Images(features, signs, 40)


def test_strength_by_loops() -> None:
    sample = check().draw(1, np.random.default_rng(0))
    x = sample.features[: sample.learnt]
    y = sample.signs[: sample.learnt]
    means = [[sum(column) / len(column) for column in zip(*x[y == sign], strict=True)] for sign in (1, -1)]
    w = None
    for penalty in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        w = newton_logistic.fit(x, y, penalty, w)
    assert w is not None
    normals = [[a - b for a, b in zip(*means, strict=True)], list(w[:-1])]
    centre = [(a + b) / 2 for a, b in zip(*means, strict=True)]
    lengths = [math.sqrt(sum(each**2 for each in normal)) for normal in normals]
    distances = [
        sum(abs(sum((v - c) * n for v, c, n in zip(image, centre, normal, strict=True))) for image in x[y > 0]) / length
        for normal, length in zip(normals, lengths, strict=True)
    ]
    cosine = sum(a * b for a, b in zip(*normals, strict=True)) / math.prod(lengths)
    expected = distances[0] / distances[1] * cosine - 1
    assert check().measure(sample, 1)["deviation"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_separated_classes_have_the_strength_of_the_angle_exactly(seed: int) -> None:
    found = check().measure(clouds(seed, 1e-3), 1)
    assert found["deviation"] == pytest.approx(0, abs=1e-12)
    assert found["log_ratio_tilted"] == pytest.approx(math.log(10), abs=0.01) and found["gap_tilted"] == 0


@pytest.mark.parametrize("shift", [0.25, 0.5])
def test_off_centre_the_strength_is_larger_as_the_boundary_is_nearer(shift: float) -> None:
    found = check(shift=shift).measure(clouds(0, 1e-3), 1)["deviation"]
    assert found == pytest.approx(1 / (1 - shift) - 1, rel=0.02)


def test_a_tilt_along_directions_that_vary_costs_accuracy() -> None:
    wide = clouds(0, 40.0)
    assert check(first_component=True).measure(wide, 1)["gap_tilted"] < -0.2
    sample = check().draw(1, np.random.default_rng(3))
    assert abs(check().measure(sample, 1)["gap_tilted"]) < 0.02
    assert check(first_component=True).measure(sample, 1)["gap_tilted"] < -0.02
