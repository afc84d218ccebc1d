"""Lengths of class means on imbalanced data: as scalar problems, in closed form, and with wrong constants."""

import numpy as np
import pytest

from pipeline.methods.theory.imbalanced_collapse import ImbalancedCollapse, _length


def check(**changes: object) -> ImbalancedCollapse:
    plain = {"smallest": 2, "largest": 64, "steps": 3, "depth": 1, "weight_decay": 0.02, "feature_decay": 0.03}
    return ImbalancedCollapse(**{**plain, "plain": False, **changes})


def scalar(count: int, total: int, depth: int, weight_decay: float, feature_decay: float) -> float:
    """By search over the output z of a class: decay, spread evenly, costs (M + 1) / 2 (c z)^(2/(M+1))."""
    c = np.sqrt(feature_decay * count * weight_decay**depth)
    z = np.concatenate([[0], np.linspace(1e-4, 1, 200_001)])
    loss = count / 2 / total * (z - 1) ** 2 + (depth + 1) / 2 * (c * z) ** (2 / (depth + 1))
    return float(np.sqrt((c * z[loss.argmin()]) ** (2 / (depth + 1)) / (feature_decay * count)))


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_lengths_are_those_of_a_search(depth: int) -> None:
    for count in (1, 2, 5, 20, 60):
        for decay in (0.002, 0.006, 0.02):
            found = _length(count, 90, depth, decay, 2 * decay)
            assert found == pytest.approx(scalar(count, 90, depth, decay, 2 * decay), abs=1e-4)


def test_one_layer_in_closed_form() -> None:
    """|h|^2 = (1 - N sqrt(l_W l_H / n)) sqrt(l_W / (n l_H)), while N^2 l_W l_H < n."""
    shrunk = 1 - 100 * np.sqrt(0.005 * 0.01 / 10)
    assert _length(10, 100, 1, 0.005, 0.01) == pytest.approx(np.sqrt(shrunk * np.sqrt(0.005 / 0.1)))
    threshold = 100**2 * 0.03 * 0.03
    assert _length(int(threshold), 100, 1, 0.03, 0.03) == 0 < _length(int(threshold) + 1, 100, 1, 0.03, 0.03)


@pytest.mark.parametrize("depth", [1, 3])
def test_training_ends_there_and_a_wrong_constant_would_be_seen(depth: int) -> None:
    changes = {"depth": 3, "weight_decay": 0.0085, "feature_decay": 0.0125} if depth == 3 else {}
    made = check(**changes)
    for size in made.sizes():
        found = made.measure(made.draw(size, np.random.default_rng(0)), size)
        assert found["error"] < 1e-5 and found["cosine"] < 1e-5 and found["spread"] < 1e-5
    wrong = ImbalancedCollapse(**{**vars(made), "weight_decay": 1.05 * made.weight_decay})
    found = wrong.measure(made.draw(16, np.random.default_rng(0)), 16)
    assert found["error"] > 1e-3, "decay by a twentieth more"


def test_without_decay_nothing_collapses() -> None:
    made = check(plain=True)
    found = made.measure(made.draw(12, np.random.default_rng(0)), 12)
    assert found["spread"] > 0.5 and found["cosine"] > 0.01 and found["error"] > 1
