"""Detection of unknown inputs and of errors against scikit-learn and cases worked by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from pipeline.metrics import kept, measure
from pipeline.ops.detection import aupr, auroc, fpr95, single

MEASURES = (auroc, aupr, fpr95)
SCORES = st.lists(st.integers(-4, 4), min_size=1, max_size=40).map(lambda v: torch.tensor(v, dtype=torch.float32))


def stacked(known, unknown):
    return np.r_[np.ones(len(known)), np.zeros(len(unknown))], torch.cat([known, unknown]).numpy()


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES)
def test_detection_equals_scikit_learn_also_with_ties(known, unknown):
    truth, score = stacked(known, unknown)
    assert single(auroc, known, unknown) == pytest.approx(100 * roc_auc_score(truth, score))
    assert single(aupr, known, unknown) == pytest.approx(100 * average_precision_score(truth, score))
    false_rate, true_rate, _ = roc_curve(truth, score, drop_intermediate=False)
    assert single(fpr95, known, unknown) == pytest.approx(100 * false_rate[np.argmax(true_rate >= 0.95 - 1e-12)])


def test_detection_on_many_continuous_scores():
    make = torch.Generator().manual_seed(0)
    known = torch.randn(700, generator=make, dtype=torch.float64) + 1
    unknown = torch.randn(300, generator=make, dtype=torch.float64)
    truth, score = stacked(known, unknown)
    assert single(auroc, known, unknown) == pytest.approx(100 * roc_auc_score(truth, score))
    assert single(aupr, known, unknown) == pytest.approx(100 * average_precision_score(truth, score))
    assert single(auroc, known, unknown) + single(auroc, unknown, known) == pytest.approx(100)
    assert single(auroc, known.exp(), unknown.exp()) == single(auroc, known, unknown)


def test_fpr95_accepts_exactly_as_few_known_as_it_may():
    known = torch.arange(100.0)  # 95 of 100 are >= 5
    unknown = torch.tensor([4.99, 5.0, 5.01, 200.0])
    assert single(fpr95, known, unknown) == 75.0
    assert single(fpr95, torch.arange(20.0), torch.tensor([0.5, 1.0])) == 50.0  # 19 of 20, not 20 of 20


def test_sets_weigh_alike():
    make = torch.Generator().manual_seed(1)
    known = torch.randn(50, generator=make) + 1
    sets = {"digits": torch.randn(30, generator=make), "uniform": torch.randn(90, generator=make) + 1.5}
    made = SimpleNamespace(scores_known=known, scores_unknown=sets)
    metrics, examples, _ = measure(made, ["auroc", "aupr", "fpr95"])
    for measured in MEASURES:
        each = [single(measured, known, scores) for scores in sets.values()]
        assert [metrics[f"{measured.__name__}_{key}"] for key in sets] == each
        assert metrics[measured.__name__] == pytest.approx(sum(each) / 2)
    assert len(metrics) == 9 and not examples
    assert kept(made, ["auroc", "fpr95"]).keys() == {
        "scores_known", "scores_unknown.digits", "scores_unknown.uniform"
    }  # fmt: skip


@pytest.mark.parametrize("measured", MEASURES)
def test_a_draw_is_what_the_drawn_scores_give(measured):
    """Both sides are drawn, the threshold with them; ties included."""
    random = np.random.default_rng(7)
    known, unknown = random.integers(-3, 5, 60).astype(float), random.integers(-4, 3, 35).astype(float)
    drawn = [random.multinomial(len(scores), [1 / len(scores)] * len(scores), size=20).T for scores in (known, unknown)]
    for row, (of_known, of_unknown) in zip(
        measured(known, unknown, *drawn), zip(*(of.T for of in drawn), strict=True), strict=True
    ):
        again = [torch.from_numpy(np.repeat(s, c)) for s, c in ((known, of_known), (unknown, of_unknown))]
        assert row == pytest.approx(single(measured, *again))


@pytest.mark.parametrize("name", ["auroc", "aupr", "fpr95"])
def test_unusable_scores_are_named_and_an_empty_set_has_no_measure(name):
    bad = torch.tensor([1.0, math.nan])
    with pytest.raises(ValueError, match="'digits'"):
        measure(SimpleNamespace(scores_known=torch.ones(3), scores_unknown={"digits": bad}), [name])
    found = measure(SimpleNamespace(scores_known=torch.ones(3), scores_unknown={"digits": bad[:0]}), [name])
    assert not found.values and found.absent == {name: "there are no digits inputs"}


@pytest.mark.parametrize("size", [1, 5])
def test_scores_that_are_all_equal_have_the_measures_of_chance(size):
    made = SimpleNamespace(scores_known=torch.ones(size), scores_unknown={"digits": torch.ones(3 * size)})
    found = measure(made, ["auroc", "aupr", "fpr95"]).values
    assert {name: found[name] for name in ("auroc", "aupr", "fpr95")} == {"auroc": 50, "aupr": 25, "fpr95": 100}


def test_errors_are_told_from_right_predictions_as_scikit_learn_says():
    make = torch.Generator().manual_seed(38)
    right = torch.rand(200, generator=make) < 0.8
    scores = torch.randn(200, generator=make, dtype=torch.float64) + right
    made = SimpleNamespace(scores_known=scores, right=right)
    found, _, _ = measure(made, ["error_auroc", "error_aupr"])
    assert found["error_auroc"] == pytest.approx(100 * roc_auc_score(right, scores))
    assert found["error_aupr"] == pytest.approx(100 * average_precision_score(~right, -scores))
    for alike in (torch.ones(200, dtype=torch.bool), torch.zeros(200, dtype=torch.bool)):
        made.right = alike
        assert measure(made, ["error_auroc", "error_aupr"]).absent.keys() == {"error_auroc", "error_aupr"}


def test_accuracy_under_shift():
    found, examples, _ = measure(SimpleNamespace(right_shifted=torch.tensor([True, False, False])), ["top1_shifted"])
    assert found["top1_shifted"] == pytest.approx(100 / 3) and examples["top1_shifted"].tolist() == [100, 0, 0]
