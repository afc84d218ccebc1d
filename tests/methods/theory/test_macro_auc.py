"""Three losses for the AUC: by another library, and what an intercept is worth."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from pipeline.methods.theory.macro_auc import RIDGES, MacroAuc


def check(**changes: object) -> MacroAuc:
    settings = {"smallest": 2, "largest": 20, "steps": 2, "examples": 200, "inputs": 10, "scores": "linear"}
    return MacroAuc(**{**settings, "intercept": True, "centred": False, **changes})


def measured(made: MacroAuc, repetitions: int, size: int = 20) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(size, np.random.default_rng(seed)), size) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


@pytest.mark.parametrize("scores", ["linear", "digits"])
def test_the_examples(scores: str) -> None:
    (trained, chosen, kept), (rest, _, _) = check(scores=scores).draw(20, np.random.default_rng(0))
    assert (len(trained), len(rest)) == (10, 190)
    assert abs(len(chosen) - len(kept)) <= 1 and len(chosen) >= 395


@pytest.mark.parametrize(("loss", "weights"), [("univariate", None), ("reweighted", "balanced")])
def test_auc_by_logistic_regression_of_another_library(loss: str, weights: str | None) -> None:
    """There 1 / C is n times the penalty; and balanced weights are half of these."""
    made = check()
    high, low = made.draw(20, np.random.default_rng(1))
    scores = []
    for ridge in RIDGES:
        strength = 1 / (200 * ridge * (1 if weights is None else 0.5))
        model = LogisticRegression(C=strength, class_weight=weights, tol=1e-8, max_iter=1000)
        model.fit(np.vstack([high[0], low[0]]), np.repeat([1, 0], [10, 190]))
        scores.append(
            [
                roc_auc_score(np.repeat([1, 0], [len(a), len(b)]), model.decision_function(np.vstack([a, b])))
                for a, b in ((high[1], low[1]), (high[2], low[2]))
            ]
        )
    best = max(scores, key=lambda pair: pair[0])[1]
    assert made.measure([high, low], 20)[loss] == pytest.approx(best, abs=2e-4)


def test_with_one_input_all_losses_rank_alike() -> None:
    """Nothing but its sign is learnt."""
    made = check()
    sample = [[part[:, :1] for part in kind] for kind in made.draw(20, np.random.default_rng(2))]
    found = made.measure(sample, 20)
    assert found["univariate"] == found["reweighted"] == found["pairwise"]


def test_an_intercept_or_centred_inputs_make_the_difference() -> None:
    gaps = {}
    for name, changes in {
        "default": {},
        "without": {"intercept": False},
        "centred": {"intercept": False, "centred": True},
    }.items():
        found = measured(check(**changes), 12)
        gaps[name] = float((found["pairwise"] - found["univariate"]).mean())
    assert gaps["without"] > 0.05 > 0.02 > max(abs(gaps["default"]), abs(gaps["centred"]))


def test_balanced_labels_leave_no_difference() -> None:
    found = measured(check(intercept=False), 6, size=2)
    assert abs((found["reweighted"] - found["univariate"]).mean()) < 0.003
