"""Geometry on balanced data: losses of stated solutions, put together by hand, and one of lower rank."""

import numpy as np
import pytest

from pipeline.methods.theory.balanced_collapse import DECAY, EXAMPLES, BalancedCollapse
from pipeline.ops.linear_features import LinearFeatures


def check(**changes: object) -> BalancedCollapse:
    plain = {"depth": 4, "classes": 4, "bias": False, "cross_entropy": False, "plain": False}
    return BalancedCollapse(**{**plain, **changes})


def assembled(targets: np.ndarray, depth: int, scale: float, bias: bool, cross_entropy: bool) -> float:
    """The loss where outputs of the classes are `scale` times columns of `targets`, by balanced layers."""
    network = LinearFeatures(np.repeat(np.arange(4), EXAMPLES), 12, depth, DECAY, DECAY, bias, cross_entropy)
    left, values, right = np.linalg.svd(scale * np.repeat(targets, EXAMPLES, axis=1), full_matrices=False)
    share = np.diag(values ** (1 / (depth + 1)))
    middle, first, last = np.zeros((12, 12)), np.zeros((12, 4 * EXAMPLES)), np.zeros((4, 12))
    middle[:4, :4], first[:4], last[:, :4] = share, share @ right, left @ share
    shift = [np.full(4, 0.25)] * bias if not cross_entropy else [np.zeros(4)] * bias
    parts = [first, *[middle] * (depth - 1), last, *shift]
    return network.loss(np.concatenate([part.ravel() for part in parts]))[0]


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize(("bias", "cross_entropy"), [(False, False), (True, False), (True, True)])
def test_the_least_loss_is_that_of_assembled_layers(depth: int, bias: bool, cross_entropy: bool) -> None:
    targets = np.eye(4) - 0.25 * bias
    scales = np.linspace(0.5, 15, 1500) if cross_entropy else np.linspace(0.5, 1, 300)
    least = min(assembled(targets, depth, float(scale), bias, cross_entropy) for scale in scales)
    assert check(bias=bias, cross_entropy=cross_entropy).least(depth) == pytest.approx(least, rel=1e-4)


def test_pairs_of_opposite_classes_have_a_lower_loss_from_three_layers_on() -> None:
    """Four classes in a plane, at right angles: rank 2 in place of 3."""
    plane = np.array([[1.0, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]])
    for depth, lower in ((1, False), (2, False), (3, True), (4, True)):
        least = min(assembled(plane, depth, scale, True, True) for scale in np.linspace(0.5, 10, 200))
        assert (least < 0.9999 * check(bias=True, cross_entropy=True).least(depth)) == lower


@pytest.mark.parametrize(
    ("bias", "cross_entropy", "cosine"), [(False, False, 0), (True, False, -1 / 3), (True, True, -1 / 3)]
)
def test_training_leads_to_the_stated_cosine_and_no_other(bias: bool, cross_entropy: bool, cosine: float) -> None:
    made = check(bias=bias, cross_entropy=cross_entropy)
    found = made.measure(made.draw(2, np.random.default_rng(0)), 2)
    assert found["cosine"] == pytest.approx(cosine, abs=1e-5)
    assert abs(found["cosine"] + 1 / 4) > 0.05, "-1 / K would be seen"
    assert found["spread"] < 1e-5 and found["lengths"] < 1e-5 and not found["lower"]


def test_without_decay_there_is_no_such_geometry() -> None:
    made = check(plain=True)
    found = made.measure(made.draw(1, np.random.default_rng(0)), 1)
    assert abs(found["cosine"]) > 0.1 and found["spread"] > 0.5
