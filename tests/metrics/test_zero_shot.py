"""Metrics of seen and unseen classes, on cases small enough to count."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import measure, synthesis_error
from tests.kit.evidence import zero_shot


class Case:
    """Two seen classes and two unseen ones, of unequal size."""

    labels = torch.tensor([0, 0, 0, 1, 2, 2, 3])
    of_seen = labels < 2
    # seen classes lead but for the third image and the last two
    lead = torch.tensor([1.0, 2.0, -1.0, 3.0, 1.5, -2.0, -0.5])
    right_within = torch.tensor([True, True, True, False, True, True, True])
    doubts = None


NAMES = ["gzsl_seen", "gzsl_unseen", "gzsl_h", "zsl_top1", "ausuc"]


def test_by_hand():
    values, _, absent = measure(Case(), [*NAMES, "doubt_auroc"])
    seen, unseen = 100 * (2 / 3 + 0) / 2, 100 * (1 / 2 + 1) / 2
    assert values["gzsl_seen"] == pytest.approx(seen) and values["gzsl_unseen"] == pytest.approx(unseen)
    assert values["gzsl_h"] == pytest.approx(2 * seen * unseen / (seen + unseen))
    assert values["zsl_top1"] == 100.0 and "doubt_auroc" in absent
    # weights 1/6 of each image of class 0, 1/4 of each of class 2, 1/2 of class 3's
    pairs = sum(
        1 / 6 * weight * (seen_lead > unseen_lead)
        for seen_lead in (1.0, 2.0, -1.0)
        for unseen_lead, weight in ((1.5, 1 / 4), (-2.0, 1 / 4), (-0.5, 1 / 2))
    )
    assert values["ausuc"] == pytest.approx(100 * pairs)


def test_seen_answers_alone_are_worth_nothing_on_unseen_classes():
    case = Case()
    case.lead = Case.lead.abs()
    values = measure(case, NAMES)[0]
    assert values["gzsl_unseen"] == values["gzsl_h"] == 0.0 and values["zsl_top1"] == 100.0


def test_doubt_is_the_share_of_pairs_in_which_the_unseen_image_has_more():
    case = Case()
    case.doubts = torch.tensor([0.1, 0.5, 0.2, 0.3, 0.4, 0.0, 0.9])
    pairs = [(u > s) for s in (0.1, 0.5, 0.2, 0.3) for u in (0.4, 0.0, 0.9)]
    assert measure(case, ["doubt_auroc"])[0]["doubt_auroc"] == pytest.approx(100 * sum(pairs) / 12)


def test_distance_of_made_from_real_by_loops():
    evidence = zero_shot(good=True)
    (made, made_labels), (real, real_labels) = evidence.made, evidence.unseen_representations
    means = {c: real[real_labels == c].mean(0) for c in real_labels.unique().tolist()}
    off = [float((made[made_labels == c].mean(0) - mean).norm()) for c, mean in means.items()]
    apart = [float((a - b).norm()) for c, a in means.items() for d, b in means.items() if c != d]
    found = synthesis_error.compute(evidence.made, evidence.unseen_representations)
    assert found == pytest.approx(sum(off) / len(off) / (sum(apart) / len(apart)), rel=1e-5)
    assert synthesis_error.compute((real, real_labels), (real, real_labels)) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(Absent):
        synthesis_error.compute(None, None)
