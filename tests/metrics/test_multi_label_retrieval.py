"""Precision, recall and their kin on a small case by hand, and by loops."""

import pytest
import torch

from pipeline import metrics
from pipeline.errors import Absent
from pipeline.metrics import hard_in_batch, positive_gap, psp_5, recall_10
from pipeline.ops.ranked_labels import inverse_propensities
from tests.kit.evidence import multi_label_retrieval


def measured(made, *names):
    return metrics.measure(made, list(names)).values


def test_precision_and_recall_against_loops():
    made = multi_label_retrieval(True)
    found = measured(made, "precision_1", "precision_3", "precision_5", "recall_10", "recall_100")
    totals = dict.fromkeys(found, 0.0)
    for scores, positives in zip(made.scores.tolist(), made.positives.tolist(), strict=True):
        ranked = sorted(range(len(scores)), key=lambda label: -scores[label])
        for name in ("precision_1", "precision_3", "precision_5", "recall_10", "recall_100"):
            k = int(name.partition("_")[2])
            right = sum(positives[label] for label in ranked[:k])
            totals[name] += 100 * right / (k if name.startswith("p") else sum(positives))
    for name in ("precision_1", "precision_3", "precision_5", "recall_10", "recall_100"):
        assert found[name] == pytest.approx(totals[name] / len(made.scores))


def test_recall_by_frequency_is_of_pairs_of_thirds_of_the_labels():
    counts = torch.tensor([5.0, 50.0, 1.0, 20.0, 9.0, 0.0] + [0.0] * 6)  # of which thirds are (1, 3, 4, 0), ...
    positives = torch.zeros(2, 12)
    positives[0, [1, 2]] = 1
    positives[1, [3, 11]] = 1
    scores = torch.zeros(2, 12)
    scores[0, [1, 2]], scores[1, [3, 11]] = torch.tensor([9.0, -9.0]), torch.tensor([-9.0, -8.0])
    found = recall_10.compute(scores, positives, counts)
    assert found[""].tolist() == [50, 0]
    assert {name: of.tolist() for name, of in found.items() if name} == {
        "frequent": [100, 0], "medium": [0], "rare": [0],
    }  # fmt: skip


def test_propensity_scored_precision_is_of_the_best_there_could_be():
    made = multi_label_retrieval(True)
    weights = inverse_propensities(made.label_counts, made.train_queries).tolist()
    got = best = 0.0
    for scores, positives in zip(made.scores.tolist(), made.positives.tolist(), strict=True):
        ranked = sorted(range(len(scores)), key=lambda label: -scores[label])
        got += sum(weights[label] * positives[label] for label in ranked[:5])
        best += sum(sorted((w * p for w, p in zip(weights, positives, strict=True)), reverse=True)[:5])
    values = psp_5.compute(made.scores, made.positives, made.label_counts, made.train_queries)
    assert values.mean().item() == pytest.approx(100 * got / best)
    perfect = psp_5.compute(made.positives, made.positives, made.label_counts, made.train_queries)
    assert perfect.mean().item() == pytest.approx(100)


def test_the_gap_is_between_a_query_s_own_labels():
    scores = torch.tensor([[0.9, 0.1, 0.4, 1.0], [0.3, 0.2, 0.1, 0.0]])
    positives = torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert positive_gap.compute(scores, positives).tolist() == pytest.approx([0.8])
    with pytest.raises(Absent, match=r"^no query has two labels$"):
        positive_gap.compute(scores[1:], positives[1:])


def test_hard_negatives_are_counted_by_query():
    assert hard_in_batch.compute(torch.tensor([[True, False], [True, True]])).tolist() == [50, 100]
    with pytest.raises(Absent, match=r"^no batch chooses its negatives$"):
        hard_in_batch.compute(None)
