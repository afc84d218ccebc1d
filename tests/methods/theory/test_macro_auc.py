"""Three losses for the AUC: by another library, and what an intercept is worth."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from pipeline.methods.theory.macro_auc import RIDGES, MacroAuc


def check(**changes: object) -> MacroAuc:
    settings = {"imbalance": 20, "examples": 200, "inputs": 10, "scores": "linear", "labels": 1}
    return MacroAuc(**{**settings, "intercept": True, "centred": False, **changes})


def gaps(repetitions: int, **changes: object) -> tuple[float, float]:
    """Of the reweighted and of the pairwise loss."""
    made = check(**changes)
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return float(np.mean([each["gap"] for each in found])), float(np.mean([each["gap_pairwise"] for each in found]))


@pytest.mark.parametrize("scores", ["linear", "digits"])
def test_the_examples(scores: str) -> None:
    (trained, chosen, kept), (rest, _, _) = check(scores=scores).draw(1, np.random.default_rng(0))[0]
    assert (len(trained), len(rest)) == (10, 190)
    assert len(chosen) == 400 and len(kept) > 390


def test_auc_by_logistic_regression_of_another_library() -> None:
    """There 1 / C is n times the penalty; and balanced weights are half of these."""
    made = check()
    high, low = made.draw(1, np.random.default_rng(1))[0]
    found = []
    for weights, factor in ((None, 1), ("balanced", 0.5)):
        scores = []
        for ridge in RIDGES:
            model = LogisticRegression(C=1 / (200 * ridge * factor), class_weight=weights, tol=1e-8, max_iter=1000)
            model.fit(np.vstack([high[0], low[0]]), np.repeat([1, 0], [10, 190]))
            scores.append([auc(model.decision_function(high[i]), model.decision_function(low[i])) for i in (1, 2)])
        found.append(max(scores)[1])
    measured = made.measure([[high, low]], 1)
    assert measured["level"] == pytest.approx(found[0], abs=2e-4)
    assert measured["gap"] == pytest.approx(found[1] - found[0], abs=2e-4)


def auc(high: np.ndarray, low: np.ndarray) -> float:
    return float(roc_auc_score(np.repeat([1, 0], [len(high), len(low)]), np.concatenate([high, low])))


def test_with_one_input_all_losses_rank_alike() -> None:
    """Nothing but its sign is learnt."""
    made = check()
    label = made.draw(1, np.random.default_rng(2))[0]
    found = made.measure([[[part[:, :1] for part in kind] for kind in label]], 1)
    assert found["gap"] == found["gap_pairwise"] == 0


def test_macro_averages_are_over_labels() -> None:
    made = check(labels=3)
    sample = made.draw(1, np.random.default_rng(3))
    alone = [made.measure([label], 1)["gap"] for label in sample]
    assert made.measure(sample, 1)["gap"] == pytest.approx(np.mean(alone)) and len(set(alone)) == 3


def test_an_intercept_or_centred_inputs_make_the_difference() -> None:
    without = gaps(12, intercept=False)
    assert min(without) > 0.05
    for with_one in (gaps(12), gaps(12, intercept=False, centred=True)):
        assert max(abs(each) for each in with_one) < 0.02


def test_of_a_balanced_label_there_is_no_difference() -> None:
    assert max(abs(each) for each in gaps(6, imbalance=2, intercept=False)) < 0.003
