"""The best estimate of a risk over finite fields: every case enumerated, ranks by counting, and worlds told apart."""

import itertools
from collections import defaultdict

import numpy as np
import pytest

from pipeline.methods.theory.indistinguishable_worlds import IndistinguishableWorlds, ranks


def check(**changes: object) -> IndistinguishableWorlds:
    return IndistinguishableWorlds(**{"field": 101, "dimensions": 16, "samples": 40, "spare": 0, **changes})


@pytest.mark.parametrize("q", [2, 3, 5])
def test_ranks_by_counting_what_rows_span(q: int) -> None:
    matrices = np.random.default_rng(q).integers(0, q, (40, 3, 4))
    matrices[:10, 2] = (matrices[:10, 0] + matrices[:10, 1]) % q
    matrices[:3, 1] = 0
    for matrix, rank in zip(matrices, ranks(matrices, q), strict=True):
        spanned = {tuple(np.array(factors) @ matrix % q) for factors in itertools.product(range(q), repeat=3)}
        assert len(spanned) == q**rank


def best_error(q: int, d: int, n: int, chosen: int) -> float:
    """Over all inputs and targets of both worlds: the least mean of |estimate - risk| from sample and hypothesis."""
    vectors = list(itertools.product(range(q), repeat=d))
    inside = [w for w in vectors if not any(w[chosen:])]
    chances: dict[object, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for inputs in itertools.product(vectors, repeat=n):
        for world in (inside, vectors):
            for w in world:
                labels = tuple(sum(a * b for a, b in zip(x, w, strict=True)) % q for x in inputs)
                fits = [
                    h
                    for h in [*inside, *vectors]
                    if all(
                        sum(a * b for a, b in zip(x, h, strict=True)) % q == y
                        for x, y in zip(inputs, labels, strict=True)
                    )
                ]
                risk = 0.0 if fits[0] == w else 1 - 1 / q
                chances[inputs, labels, fits[0]][risk] += 0.5 / len(world) / q ** (n * d)
    return sum(min(sum(p * abs(e - r) for r, p in of.items()) for e in of) for of in chances.values())


@pytest.mark.parametrize(
    ("q", "d", "n", "chosen"), [(2, 3, 1, 1), (2, 3, 2, 2), (2, 2, 3, 2), (3, 2, 1, 1), (2, 3, 2, 1)]
)
def test_every_case_of_small_fields(q: int, d: int, n: int, chosen: int) -> None:
    vectors = list(itertools.product(range(q), repeat=d))
    sample = np.array(list(itertools.product(vectors, repeat=n)))
    made = check(field=q, dimensions=d, spare=n - chosen if n > chosen and chosen < d else 0)
    assert made.measure(sample, n)["error"] == pytest.approx(best_error(q, d, n, chosen))


def test_the_formula_counts_regular_systems() -> None:
    matrices = np.array(list(itertools.product(range(3), repeat=4))).reshape(-1, 2, 2)
    regular = (ranks(matrices, 3) == 2).mean()
    assert regular == pytest.approx((1 - 1 / 3) * (1 - 1 / 9))
    expected = regular * (1 - 1 / 3) * (1 - 3.0**-4) / 2
    assert check(field=3, dimensions=6).predicted(2)["error"] == pytest.approx(expected)


def test_the_learner_learns_and_its_risk_cannot_be_told_until_examples_suffice() -> None:
    made = check(samples=400)
    found = {n: made.measure(made.draw(n, np.random.default_rng(0)), n) for n in (4, 8, 15, 17, 24)}
    for n in (4, 8, 15):
        assert found[n]["learner"] < 0.03
        assert found[n]["error"] == pytest.approx(made.predicted(n)["error"], abs=0.02)
        assert abs(found[n]["error"] - 0.25) > 0.2, "a constant of a quarter would be seen"
    assert found[17]["error"] < 0.01 and found[24]["error"] == pytest.approx(0, abs=1e-9)


def test_a_subspace_smaller_than_the_sample_is_told_apart() -> None:
    made = check(spare=4)
    assert made.measure(made.draw(8, np.random.default_rng(0)), 8)["error"] < 1e-6
