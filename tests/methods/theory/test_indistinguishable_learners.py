"""Two learners on a finite set: every case enumerated, and the estimate that knows which it is."""

import itertools
from collections import defaultdict

import numpy as np
import pytest

from pipeline.methods.theory.indistinguishable_learners import IndistinguishableLearners


def check(**changes: object) -> IndistinguishableLearners:
    defaults = {"smallest": 125, "largest": 8000, "steps": 7, "points": 1000, "known": False}
    return IndistinguishableLearners(**{**defaults, **changes})


def test_every_case_of_three_points() -> None:
    """The least mean of |estimate - risk| from sample and hypothesis, over labels, guesses, samples and learners."""
    chances: dict[object, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    measured = []
    for labels, guesses in itertools.product(itertools.product([0, 1], repeat=3), repeat=2):
        for seen in itertools.product(range(3), repeat=2):
            guessed = tuple(labels[i] if i in seen else guesses[i] for i in range(3))
            for found in (labels, guessed):
                risk = sum(a != b for a, b in zip(found, labels, strict=True)) / 3
                chances[seen, tuple(labels[i] for i in seen), found][risk] += 0.5 / 64 / 9
            sample = np.array(labels), np.array(guesses), np.array(seen)
            measured.append(check(points=3).measure(sample, 2)["error"])
    best = sum(min(sum(p * abs(e - r) for r, p in of.items()) for e in of) for of in chances.values())
    assert best == pytest.approx((1 - 1 / 3) ** 2 / 4)
    assert np.mean(measured) == pytest.approx(best)


def test_both_learners_answer_with_functions_that_are_as_likely() -> None:
    """Given the sample, the target and the guesser's answer are alike even over what fits."""
    counts = {way: np.zeros(8) for way in ("target", "guess")}
    for labels, guesses in itertools.product(itertools.product([0, 1], repeat=3), repeat=2):
        guessed = (labels[0], *guesses[1:])
        for way, found in (("target", labels), ("guess", guessed)):
            counts[way][int("".join(map(str, found)), 2)] += 1
    assert np.array_equal(counts["target"], counts["guess"])


def test_the_error_is_a_quarter_of_what_is_unseen_and_no_third() -> None:
    found = np.mean([check().measure(check().draw(500, np.random.default_rng(s)), 500)["error"] for s in range(40)])
    assert found == pytest.approx(check().predicted(500)["error"], abs=0.005)
    assert abs(found - 0.999**500 / 3) > 0.04


def test_who_knows_the_learner_or_has_seen_all_is_near_the_truth() -> None:
    for made, size in ((check(known=True), 500), (check(), 8000)):
        assert made.measure(made.draw(size, np.random.default_rng(0)), size)["error"] < 0.02
