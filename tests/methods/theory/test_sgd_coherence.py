"""SGD's stability by coherence: moments by enumerating batches, the proof's steps, and assumptions removed."""

import itertools
import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from pipeline.methods.theory.sgd_coherence import SgdCoherence, coherence
from pipeline.ops import stability


def check(**changes: object) -> SgdCoherence:
    return SgdCoherence(**{"incoherent": False, "fixed": False, **changes})


def measured(made: SgdCoherence, repetitions: int = 60) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def growth(hessians: np.ndarray, rate: float, batch: float) -> float:
    """Of second moments in one step, over all subsets of the examples and their probabilities."""
    n, d, _ = hessians.shape
    moment = np.zeros((d * d, d * d))
    for entered in itertools.product([0, 1], repeat=n):
        chance = math.prod(batch / n if each else 1 - batch / n for each in entered)
        step = np.eye(d) - rate / batch * sum(each * hessian for each, hessian in zip(entered, hessians, strict=True))
        moment += chance * np.kron(step, step)
    return float(np.abs(np.linalg.eigvals(moment)).max())


@pytest.mark.parametrize("seed", range(6))
def test_second_moments_begin_to_grow_at_the_limit(seed: int) -> None:
    made = check()
    sample = made.draw(1, np.random.default_rng(seed))
    hessians, batch = sample["random"][:6], 1.5
    limit = made._limit(hessians, batch)
    assert growth(hessians, limit * 1.001, batch) > 1
    assert growth(hessians, limit * 0.999, batch) <= 1 + 1e-9


def test_coherence_by_square_roots_and_its_ends() -> None:
    hessians = check().draw(1, np.random.default_rng(1))["random"]
    roots = [np.real(sqrtm(each)) for each in hessians]
    sums = np.array([[np.linalg.norm(left @ right) for right in roots] for left in roots])
    largest = max(np.linalg.eigvalsh(each)[-1] for each in hessians)
    assert coherence(hessians) == pytest.approx(np.linalg.eigvalsh(sums)[-1] / largest, rel=1e-6)
    assert coherence(stability.rank_one(np.eye(4))) == pytest.approx(1), "nothing in common"
    assert coherence(np.repeat(stability.rank_one(np.ones((1, 3))), 5, axis=0)) == pytest.approx(5), "all alike"


@pytest.mark.parametrize("seed", range(10))
def test_the_steps_of_the_derivation(seed: int) -> None:
    sample = check().draw(1, np.random.default_rng(seed))
    hessians, batch = sample["random"], sample["random_batch"]
    n, largest = len(hessians), max(np.linalg.eigvalsh(each)[-1] for each in hessians)
    assert np.linalg.eigvalsh(hessians.sum(0))[-1] <= coherence(hessians) * largest * (1 + 1e-9)
    for rate in (0.1, 1.0, 10.0):
        radius = stability.second_moment_radius(hessians, rate, batch, "independent")
        assert radius >= rate**2 * (n / batch - 1) * largest**2 / n**2 * (1 - 1e-9)


@pytest.mark.parametrize(("n", "batch", "sigma", "product"), [(10, 2, 1, 0.4), (10, 2, 10, 10 / 7), (20, 5, 4, 8 / 7)])
def test_groups_in_closed_form(n: int, batch: int, sigma: int, product: float) -> None:
    """Along each axis second moments are multiplied by (1 - l)^2 + l^2 (n / B - 1) / sigma with l = eta lambda_1."""
    assert (1 - product) ** 2 + product**2 * (n / batch - 1) / sigma == pytest.approx(1)
    groups = np.repeat(stability.rank_one(np.eye(n // sigma)), sigma, axis=0)
    assert coherence(groups) == pytest.approx(sigma)
    assert check()._limit(groups, batch) * sigma / n == pytest.approx(product, abs=1e-9)


def test_the_bound_holds_and_another_constant_would_be_seen() -> None:
    found = measured(check(), 200)
    assert not found["violation"].any() and found["looseness"].min() >= -1e-9
    assert np.abs(found["deviation"]).max() < 1e-9
    assert found["violation_converse"].mean() > 0.05
    assert (found["looseness"] < math.log10(1.1)).mean() > 0.1, "a bound lower by a tenth would be violated"


def test_without_an_assumption_the_bound_fails() -> None:
    assert measured(check(incoherent=True))["violation"].mean() > 0.3
    fixed = measured(check(fixed=True), 200)
    assert fixed["violation"].mean() > 0.05
    assert fixed["deviation"].mean() > 0.02


def test_with_the_whole_set_in_nearly_every_batch_only_the_largest_curvature_counts() -> None:
    hessians = check().draw(1, np.random.default_rng(2))["random"]
    limit = check()._limit(hessians, len(hessians) * (1 - 1e-9))
    assert limit * np.linalg.eigvalsh(hessians.mean(0))[-1] == pytest.approx(2, rel=1e-6)
