"""Verdicts on claims from fabricated run folders."""

import re
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.planning.model import Claim
from pipeline.schema import check
from tests.kit import exhibits as kit


def test_the_four_verdicts(made: Any) -> None:
    better = kit.verdict(made, better="dcl", than="random_encoder")
    assert (better.verdict, better.effect.low > 0, better.effect.n_seeds) == ("supported", True, 3)
    assert kit.verdict(made, better="random_encoder", than="dcl").verdict == "contradicted"
    assert kit.verdict(made, better="simclr", than="swav").verdict == "inconclusive"
    for absent in ({"better": "byol", "than": "dcl"}, {"better": "dcl", "than": "simclr", "variant": "large"},
                   {"better": "swav", "than": "dcl", "variant": "small_batch"},
                   {"study": "segmentation", "better": "a", "than": "b"}):  # fmt: skip
        assert kit.verdict(made, **absent).verdict == "not_tested"


def test_the_effect_follows_the_direction_of_the_metric(made: Any) -> None:
    lower = kit.verdict(made, metric="alignment", better="dcl", than="random_encoder")
    plain = kit.verdict(made, metric="alignment", better="dcl", than="random_encoder", direction="higher")
    assert (lower.verdict, plain.verdict) == ("supported", "contradicted")
    assert lower.effect.mean == pytest.approx(-plain.effect.mean)


def test_margin_and_numbers_are_subtracted(made: Any) -> None:
    plain = kit.verdict(made, better="dcl", than="random_encoder").effect
    margin = kit.verdict(made, better="dcl", than="random_encoder", margin=plain.high + 1)
    assert margin.verdict == "contradicted"
    assert margin.effect.high == pytest.approx(-1)
    runs = [r for r in made.plan.study_runs("ssl") if (r.method, r.variant) == ("dcl", "default")]
    accuracy = np.mean([kit.value_of(made.root, r, "linear_top1") for r in runs])
    chance = kit.verdict(made, better="dcl", than=10.0)
    assert chance.verdict == "supported"
    assert chance.effect.mean == pytest.approx(accuracy - 10)
    error = kit.verdict(made, better="dcl", than=10.0, metric="alignment")
    assert (error.verdict, error.effect.mean > 9) == ("supported", True)


def test_relative_to_is_the_difference_of_differences(made: Any) -> None:
    def gap(variant: str) -> float:
        return kit.verdict(made, better="dcl", than="simclr", variant=variant).effect.mean

    both = kit.verdict(made, better="dcl", than="simclr", variant="small_batch", relative_to="default")
    assert both.effect.mean == pytest.approx(gap("small_batch") - gap("default"))


def test_lost_seeds_decide_nothing(made: Any) -> None:
    gone = kit.verdict(made, better="dcl", than="mochi")
    assert (gone.verdict, gone.effect) == ("inconclusive", None)
    assert gone.reason == "mochi (default): diverged at 3 of 3 seeds"
    some = kit.verdict(made, study="classification", metric="top1", better="cosface", than="arcface")
    assert (some.verdict, some.effect.n_seeds) == ("inconclusive", 2)
    assert "1 of 3 seeds" in some.reason


def test_a_metric_without_direction_is_an_error(made: Any) -> None:
    with pytest.raises(UserError, match=r"papers/p.yaml: claim 'c': metric without a direction.*linear_top1"):
        kit.verdict(made, metric="linear_top", better="dcl", than="simclr")


def test_claims_csv(made: Any) -> None:
    found = kit.rows(made.root, "claims.csv")
    head = "paper,claim,statement,study,metric,verdict,effect,ci_low,ci_high,n_seeds,tier"
    assert list(found[0]) == head.split(",")
    verdicts = {(row["paper"], row["claim"]): row["verdict"] for row in found}
    assert verdicts["arcface", "margin"] == "contradicted"
    assert verdicts["label_smoothing", "scale"] == "not_tested"
    assert len(found) == sum(len(paper.claims) for paper in kit.papers().values())
    assert {row["tier"] for row in found} == {"laptop"}


# --- two variants or two metrics ---


def test_sides_of_a_claim_in_two_variants(large: Any) -> None:
    found = kit.verdict(large, better="objective_07", than="objective_07", variant="views_4", than_variant="default")
    expected = kit.metric_of(large, "objective_07", "views_4", "linear_top1")
    expected -= kit.metric_of(large, "objective_07", "default", "linear_top1")
    assert found.effect.mean == pytest.approx(expected)
    assert found.comparison == "objective_07 (views_4) against objective_07 (default)"
    turned = kit.verdict(large, better="objective_07", than="objective_07", than_variant="views_4")
    assert turned.effect.mean == pytest.approx(-expected)
    absent = kit.verdict(large, better="simclr", than="objective_07", than_variant="plain")
    assert (absent.verdict, absent.reason) == ("not_tested", "objective_07 (plain) is not in the plan of study ssl")


def test_sides_of_a_claim_in_two_metrics(large: Any) -> None:
    few = {"metric": "naive_bayes_top1_1pct", "than_metric": "linear_top1_1pct", "direction": "higher"}
    found = kit.verdict(large, better="simclr", than="simclr", **few)
    expected = kit.metric_of(large, "simclr", "default", "naive_bayes_top1_1pct")
    expected -= kit.metric_of(large, "simclr", "default", "linear_top1_1pct")
    assert found.effect.mean == pytest.approx(expected)
    assert found.effect.levels == "seeds and examples"
    assert found.measure == "Naive Bayes top-1 (%), 1% of labels against Linear probe top-1 (%), 1% of labels"
    assert found.comparison == "simclr"
    # the sign follows `metric`, whatever the other side's direction
    lower = kit.verdict(large, better="simclr", than="dcl", metric="alignment", than_metric="tolerance")
    gap = kit.metric_of(large, "simclr", "default", "alignment") - kit.metric_of(large, "dcl", "default", "tolerance")
    assert lower.effect.mean == pytest.approx(-gap)
    # a metric that the table does not have takes the direction of its own file
    del few["direction"]
    free = kit.verdict(large, better="simclr", than="simclr", **few)
    assert free.effect == found.effect


def test_two_metrics_in_a_difference_of_differences(large: Any) -> None:
    both = {"better": "simclr", "than": "dcl", "metric": "knn_top1", "than_metric": "linear_top1"}
    found = kit.verdict(large, **both, variant="small_batch", relative_to="default")
    gaps = [kit.verdict(large, **both, variant=variant).effect.mean for variant in ("small_batch", "default")]
    assert found.effect.mean == pytest.approx(gaps[0] - gaps[1])


def test_what_is_not_measured_is_named(large: Any) -> None:
    found = kit.verdict(large, better="simclr", than="simclr", than_metric="linear_top1_projector")
    assert (found.verdict, found.reason) == ("inconclusive", "the runs do not measure linear_top1_projector")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"than": 10.0, "than_variant": "plain"}, "'than_variant' is a method's, and than = 10 is a number"),
        ({"than": 0.5, "than_metric": "knn_top1"}, "'than_metric' is a method's, and than = 0.5 is a number"),
        ({"than": "b", "than_variant": "plain", "relative_to": "default"}, "'than_variant' and 'relative_to' exclude"),
        ({"than": "a"}, "'a' is compared with itself"),
        ({"than": "a", "than_variant": "default", "than_metric": "m"}, "'a' is compared with itself"),
        ({"than": "b", "than_variants": "plain"}, "did you mean 'than_variant'"),
    ],
)
def test_sides_that_cannot_be_compared_are_one_line(test: dict[str, Any], message: str) -> None:
    whole = {"study": "ssl", "metric": "m", "better": "a", **test}
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        check(Claim, {"id": "c", "statement": "s", "test": whole}, "papers/p.yaml")
    assert "\n" not in str(caught.value)
