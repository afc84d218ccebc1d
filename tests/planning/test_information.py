"""What runs have seen beyond their study's protocol, by the tests' studies and the project's own."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.planning import load, papers
from pipeline.planning.information import Seen
from pipeline.planning.model import Plan
from tests.kit import project

MANY = Seen("d", 6000, labels=False)
FEW = Seen("d", 2000, labels=True, drawn="long_tail label_noise 0.4")


@pytest.fixture(scope="module")
def own() -> Plan:
    return load.load(project.HERE)


def run(plan: Plan, study: str, method: str, variant: str = "default") -> Any:
    return next(r for r in plan.study_runs(study) if (r.method, r.variant, r.seed) == (method, variant, 0))


def test_the_larger_share_of_a_data_set_has_the_smaller_one() -> None:
    assert MANY.has(Seen("d", 2000, labels=False)) and not Seen("d", 2000, labels=False).has(MANY)
    assert not MANY.has(FEW) and FEW.has(Seen("d", 2000, labels=False)) and not FEW.has(MANY)
    assert not Seen("other", 6000, labels=False).has(MANY)
    # right labels are not those that noise has made wrong, and none of them is seen where another study drew
    assert not FEW.has(Seen("d", 2000, labels=True)) and not FEW.has(Seen("d", 2000, labels=True, drawn="ssl"))
    balanced, tail = Seen("d", 2000, labels=False), Seen("d", 2000, labels=False, imbalance=100.0)
    assert balanced.has(tail) and not tail.has(balanced)
    assert balanced.has(Seen("d", 2000, labels=False, held_out=frozenset({5})))
    assert not Seen("d", 2000, labels=False, held_out=frozenset({5})).has(balanced)


def test_the_baseline_and_what_trains_on_the_same_has_seen_nothing_more(own: Plan) -> None:
    for study in own.studies.values():
        for each in own.study_runs(study.key):
            if each.method == study.baseline:
                assert own.information(each).words == ""
    assert own.information(run(own, "ssl", "dcl")).beyond == frozenset()
    assert own.information(run(own, "ssl", "random_encoder")).beyond == frozenset()
    assert own.information(run(own, "ood", "mahalanobis")).beyond == frozenset()


def test_labels_streams_and_what_is_told_are_seen(own: Plan) -> None:
    labelled = own.information(run(own, "ssl", "sup_con"))
    assert [(seen.labels, seen.by) for seen in labelled.beyond] == [(True, "")]
    wild = own.information(run(own, "ood", "scone"))
    assert "examples of the stream wild without labels (the protocol gives" in wild.words
    unlabelled = own.information(run(own, "semi_supervised", "fixmatch"))
    assert [seen.labels for seen in unlabelled.beyond] == [False]
    mixed = next(
        each
        for each in own.study_runs("semi_supervised")
        if (each.method, each.variant) == ("fixmatch", "mismatch_0_6")
    )
    assert "(60% of them of classes held out) without labels" in own.information(mixed).words
    assert own.information(run(own, "partial_labels", "all_labels")).words == "all classes of each training example"
    assert own.information(run(own, "noisy_labels", "co_teaching")).told


def test_images_of_unseen_classes_are_beyond_a_protocol_of_unseen_classes(own: Plan) -> None:
    """Also where the variant gives them to all of its methods, so that no row of it looks like one without."""
    split = run(own, "zero_shot", "feature_softmax").settings["classes"]
    for variant, method, shots in (("few_shots", "cada_vae", 2), ("with_images", "feature_softmax", 10)):
        words = own.information(run(own, "zero_shot", method, variant)).words
        assert words.startswith(f"{shots * split['unseen']:,} examples of the unseen classes of glyphs with labels")
        assert (
            f"(the protocol gives {10 * split['seen']:,} examples of the seen classes of glyphs with labels)" in words
        )
    shown = {own.information(run(own, "zero_shot", method, "few_shots")) for method in ("cada_vae", "feature_softmax")}
    assert len(shown) == 1, "sides of a comparison within the variant know equally much"
    assert own.information(run(own, "zero_shot", "cada_vae", "no_cross")).words == ""
    assert own.information(run(own, "zero_shot", "cross_entropy")).words == ""


def test_a_base_of_more_images_is_seen_and_one_of_the_same_is_not(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", own=True)
    path = folder / "studies/long_tail.yaml"
    text = path.read_text(encoding="utf-8")
    fair = load.load(folder, {"tier": "laptop", "seeds": 1})
    assert fair.information(run(fair, "long_tail", "rcal")).words == ""
    path.write_text(text.replace("variant: small_imbalance}", "variant: small_2000}", 1), encoding="utf-8")
    unfair = load.load(folder, {"tier": "laptop", "seeds": 1})
    words = unfair.information(run(unfair, "long_tail", "rcal")).words
    assert "without labels (through simclr of study ssl, small_2000) (the protocol gives" in words
    assert "the most frequent class 200 times as often as the rarest" in words


def test_every_claim_between_unequal_sides_says_so_and_no_other(own: Plan) -> None:
    for paper in papers.load(project.HERE).values():
        for test in (claim.test for claim in paper.claims if claim.test):
            if not isinstance(test.than, str):
                continue
            pairs = [(test.variant, test.than_variant or test.variant)]
            pairs += [(test.relative_to, test.relative_to)] if test.relative_to else []
            differ = [
                own.information(run(own, test.study, test.better, one))
                != own.information(run(own, test.study, test.than, other))
                for one, other in pairs
            ]
            assert bool(test.despite) == any(differ), (paper.key, test)


def test_rcal_and_what_else_builds_on_an_encoder_has_seen_its_rivals_images_alone(own: Plan) -> None:
    """It once built on an encoder of 6,000 balanced images where its rivals saw 2,000, or 9 of the rarest class."""
    built = [r for key in ("noisy_labels", "long_tail", "classification") for r in own.study_runs(key) if r.needs]
    few = {r.variant for r in built if own.information(r).beyond}
    assert few == {"few_labels"}, "where the claims are about what the images of the pretraining add"
    assert {(r.study, r.method) for r in built} >= {
        (study, method) for study in ("noisy_labels", "long_tail") for method in ("rcal", "fine_tuning")
    }
