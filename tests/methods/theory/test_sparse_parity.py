"""The largest margin of sparse parities: assembled networks, the best unit by search, and random labels."""

import itertools
import math

import numpy as np
import pytest

from pipeline.methods.theory.sparse_parity import SparseParity


def check(**changes: object) -> SparseParity:
    return SparseParity(**{"bits": 5, "largest": 3, "units": 16, "shuffled": False, **changes})


@pytest.mark.parametrize("k", [2, 3, 4])
def test_an_assembled_network_reaches_the_stated_margin(k: int) -> None:
    """A unit for each pattern of k signs; w_i is the product of the signs, and |u_i|^2 is k times |w_i|^2."""
    columns = []
    for signs in itertools.product([1.0, -1.0], repeat=k):
        w = np.prod(signs) / math.sqrt(2)
        columns.append([*signs, *[0.0] * (5 - k), w, -w])
    made = check(units=2**k, largest=4)
    network, _ = made.draw(k, np.random.default_rng(0))
    weights = np.array(columns).T
    assert network.margin(weights.ravel()) == pytest.approx(made.predicted(k)["margin"], rel=1e-9)
    weights[-2:] *= 1.5
    assert network.margin(weights.ravel()) < 0.95 * made.predicted(k)["margin"], "w larger by a half"


@pytest.mark.parametrize("k", [2, 3])
def test_no_unit_alone_has_a_larger_mean_margin(k: int) -> None:
    from scipy.optimize import minimize

    network, _ = check().draw(k, np.random.default_rng(0))
    signs = 1 - 2 * network.labels

    def mean(flat: np.ndarray) -> float:
        values = (flat[-2] - flat[-1]) * signs * (network.inputs @ flat[:-2]) ** k
        return float(-values.mean() / np.linalg.norm(flat) ** (k + 1))

    starts = np.random.default_rng(1).normal(size=(6, 7))
    best = -min(minimize(mean, start, method="BFGS", options={"gtol": 1e-9}).fun for start in starts)
    assert best == pytest.approx(check().predicted(k)["margin"], rel=1e-4)


def test_training_leads_there_and_another_constant_would_be_seen() -> None:
    made = check()
    for k in made.sizes():
        found = made.measure(made.draw(k, np.random.default_rng(0)), k)
        assert found["margin"] == pytest.approx(made.predicted(k)["margin"], rel=1e-3)
        assert found["share"] > 0.99 and found["uneven"] < 0.02
    assert abs(made.predicted(3)["margin"] / (6 * math.sqrt(2 * 4**-3)) - 1) > 0.1, "(k + 1)^-k"


def test_random_labels_need_the_other_bits() -> None:
    made = check(shuffled=True)
    assert made.measure(made.draw(3, np.random.default_rng(0)), 3)["share"] < 0.9
