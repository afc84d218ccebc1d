"""Verdicts on claims from fabricated run folders."""

import csv
import io
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exhibits import cells, claims, floors, statistics
from pipeline.exhibits.report import verdicts
from pipeline.exhibits.statistics import Estimate, Sample
from pipeline.exhibits.tables.csv import lines
from pipeline.planning.information import Information, Seen
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


def test_the_effect_is_the_difference_and_the_verdict_is_on_what_exceeds_the_margin(made: Any) -> None:
    plain = kit.verdict(made, better="dcl", than="random_encoder")
    above = {margin: kit.verdict(made, better="dcl", than="random_encoder", margin=margin)
             for margin in (plain.effect.low - 1, plain.effect.mean, plain.effect.high + 1)}  # fmt: skip
    assert [found.verdict for found in above.values()] == ["supported", "inconclusive", "contradicted"]
    assert all(found.effect == plain.effect for found in above.values())
    (row,) = verdicts.rows([above[plain.effect.mean]], {})
    assert row["margin"].startswith("+") and float(row["margin"]) == pytest.approx(plain.effect.mean, abs=0.1)


@pytest.mark.parametrize(
    ("low", "high", "margin", "resolution", "verdict"),
    [
        (0.1, 0.9, 0.0, 1.0, "supported"),  # a small difference is one
        (-0.9, -0.1, 0.0, 1.0, "contradicted"),
        (-0.9, 0.9, 0.0, 1.0, "no_difference"),
        (-0.9, 0.9, 0.0, None, "inconclusive"),
        (-0.9, 1.1, 0.0, 1.0, "inconclusive"),
        (-1.1, 0.9, 0.0, 1.0, "inconclusive"),
        (-1.0, 0.9, 0.0, 1.0, "inconclusive"),  # the ends of the resolution are outside
        (-0.9, 1.0, 0.0, 1.0, "inconclusive"),
        (0.0, 0.9, 0.0, 1.0, "no_difference"),
        # about the difference, not about what exceeds the margin
        (0.2, 0.9, 0.5, 1.0, "no_difference"),
        (0.6, 0.9, 0.5, 1.0, "supported"),
        (0.2, 0.4, 0.5, 1.0, "contradicted"),
        (4.5, 5.5, 5.0, 1.0, "inconclusive"),
        (None, None, 0.0, 1.0, "inconclusive"),
    ],
)
def test_a_verdict_by_its_interval(
    low: float | None, high: float | None, margin: float, resolution: float | None, verdict: str
) -> None:
    effect = Estimate(0.0 if low is None or high is None else (low + high) / 2, low, high, 3, "seeds")
    assert claims.decided(effect, margin, resolution) == verdict


def resolved(made: Any, resolution: float) -> Any:
    """The plan whose self-supervised study would not care about smaller differences of the probe."""
    study = made.plan.studies["ssl"].model_copy(update={"resolution": {"linear_top1": resolution}})
    return SimpleNamespace(root=made.root, plan=replace(made.plan, studies={**made.plan.studies, "ssl": study}))


def test_a_resolution_makes_no_difference_of_what_was_inconclusive(made: Any) -> None:
    claim = {"better": "simclr", "than": "swav"}
    plain = kit.verdict(made, **claim)
    assert (plain.verdict, plain.resolution) == ("inconclusive", None)
    reach = max(abs(plain.effect.low), abs(plain.effect.high))
    tight, wide = kit.verdict(resolved(made, reach * 0.9), **claim), kit.verdict(resolved(made, reach * 1.1), **claim)
    assert (tight.verdict, wide.verdict) == ("inconclusive", "no_difference")
    assert wide.effect == plain.effect and wide.resolution == reach * 1.1
    # of its own metric alone, and never where something stands in the way
    assert kit.verdict(resolved(made, 1000), metric="knn_top1", **claim).verdict == "inconclusive"
    assert kit.verdict(resolved(made, 1000), better="dcl", than="mochi").verdict == "inconclusive"
    assert kit.verdict(resolved(made, 1000), better="dcl", than="random_encoder").verdict == "supported"


def test_numbers_are_subtracted(made: Any) -> None:
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


def test_seeds_at_which_a_metric_has_no_value_decide_nothing(made: Any) -> None:
    claim = {"better": "dcl", "than": "random_encoder"}
    assert kit.verdict(made, **claim).verdict == "supported"
    for seeds, left in (([2], 2), ([0, 1, 2], 0)):
        records = kit.Lacking(made.root, "dcl", "linear_top1", dict.fromkeys(seeds, "it is nan on these examples"))
        found = kit.verdict(made, records, **claim)
        assert (found.verdict, found.effect.n_seeds if found.effect else 0) == ("inconclusive", left)
        assert found.reason == (
            f"dcl (default): no Linear probe top-1 (%) at {len(seeds)} of 3 seeds, since it is nan on these examples"
        )


def test_a_mean_above_the_floor_is_not_enough() -> None:
    """What learned nothing is above the floor by its mean in half of all cases, by its interval in few."""
    floor = floors.Floor("untrained", 80.0, Sample({0: 79.0, 1: 80.0, 2: 81.0}))
    noisy, clear = Sample({0: 79.0, 1: 80.5, 2: 82.0}), Sample({0: 89.0, 1: 90.5, 2: 91.0})
    assert [floor.below(sample, 1.0) for sample in (noisy, clear)] == [False, True]
    chance = floors.Floor("chance", 80.0)
    assert [chance.below(sample, 1.0) for sample in (noisy, clear)] == [False, True]
    assert not any(floor.below(sample, -1.0) for sample in (noisy, clear))
    # where nothing can be resampled, and where no seed is on both sides, the means must do
    one = Sample({0: 80.5})
    assert chance.below(one, 1.0) and floor.below(one, 1.0) and floor.below(Sample({7: 80.5}), 1.0)
    drawn = [
        Sample({s: float(v) for s, v in enumerate(row)}) for row in np.random.default_rng(0).normal(80, 1, (200, 3))
    ]
    assert sum(chance.below(sample, 1.0) for sample in drawn) < 0.06 * len(drawn)
    assert sum(np.mean(list(sample.values.values())) > 80 for sample in drawn) > 0.4 * len(drawn)


def test_a_metric_without_direction_is_an_error(made: Any) -> None:
    with pytest.raises(UserError, match=r"papers/p.yaml: claim 'c': metric without a direction.*linear_top1"):
        kit.verdict(made, metric="linear_top", better="dcl", than="simclr")


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_marked(text: str) -> None:
    assert list(csv.reader(io.StringIO(lines([], [["", text]]), newline="")))[1] == ["", f"'{text.strip()}"]
    assert lines(["a"], [["-1.500000"], ["-inf"], ["a=1"], [""]]) == 'a\n-1.500000\n-inf\na=1\n""\n'


def test_claims_csv(made: Any) -> None:
    found = kit.rows(made.root, "claims.csv")
    head = "paper,claim,statement,study,metric,verdict,effect,ci_low,ci_high,n_seeds,tier,resolution,q_value,source"
    assert list(found[0]) == head.split(",")
    verdicts = {(row["paper"], row["claim"]): row["verdict"] for row in found}
    assert verdicts["arcface", "margin"] == "contradicted"
    assert verdicts["label_smoothing", "scale"] == "not_tested"
    assert len(found) == sum(len(paper.claims) for paper in kit.papers().values())
    assert {row["tier"] for row in found} == {"laptop"}
    assert {row["source"] for row in found if row["verdict"] != "not_tested"} == {"run"}
    assert {row["source"] for row in found if row["verdict"] == "not_tested"} == {""}


def test_q_values_are_of_all_that_is_tested(made: Any) -> None:
    found = claims.judge(made.plan, kit.papers(), made.root)
    tested = [each for each in found if each.verdict != "not_tested"]
    assert 2 < len(tested) < len(found)
    values = [statistics.p_value(each.effect.less(each.claim.test.margin)) for each in tested]
    assert [each.q_value for each in tested] == statistics.benjamini_hochberg(values)
    assert all((each.q_value is None) is (each.verdict == "not_tested") for each in found)
    rows = {(row["paper"], row["claim"]): row["q_value"] for row in kit.rows(made.root, "claims.csv")}
    assert all(rows[each.paper.key, each.claim.id] == f"{each.q_value:.6f}" for each in tested)


def test_a_p_value_is_of_what_exceeds_the_margin_and_one_of_what_cannot_be_told(made: Any) -> None:
    plain = kit.verdict(made, better="dcl", than="random_encoder")
    assert (
        plain.p_value < 0.05 < kit.verdict(made, better="dcl", than="random_encoder", margin=plain.effect.mean).p_value
    )
    assert kit.verdict(made, better="dcl", than="mochi").p_value == 1.0


# --- sides that cannot be compared ---


def floored(made: Any, floor: str | None, **skill: Any) -> Any:
    """The plan with a floor of its study."""
    studies = {key: study.model_copy(update={"floor": floor} if key == "ssl" else {}) for key, study in
               made.plan.studies.items()}  # fmt: skip
    return SimpleNamespace(root=made.root, plan=replace(made.plan, studies=studies, **skill))


def test_a_side_that_is_no_better_than_the_floor_decides_nothing(made: Any) -> None:
    claim = {"better": "dcl", "than": "swav"}
    assert kit.verdict(made, **claim).verdict == kit.verdict(floored(made, "random_encoder"), **claim).verdict
    above_all = floored(made, "dcl")
    found = kit.verdict(above_all, better="simclr", than="random_encoder")
    level = kit.metric_of(SimpleNamespace(root=made.root, results=cells.Results(made.plan, "ssl", made.root)),
                          "dcl", "default", "linear_top1")  # fmt: skip
    # what does not train is not expected to learn
    told = f"simclr (default) is not shown to be better than dcl ({level:.1f}), and so not to have learned"
    assert (found.verdict, found.reason) == ("inconclusive", told)
    assert found.effect == kit.verdict(made, better="simclr", than="random_encoder").effect
    # a claim about the floor itself, another metric than of learning, and a fall that the claim foretells
    assert kit.verdict(above_all, better="simclr", than="dcl").verdict == "contradicted"
    assert not kit.verdict(above_all, metric="uniformity", better="simclr", than="swav").reason
    assert not kit.verdict(above_all, better="simclr", than=90.0, direction="lower").reason
    # the floor of another variant whose data are the same
    found = kit.verdict(floored(made, "swav"), better="simclr", than="dcl", variant="small_batch")
    assert "simclr (small_batch) is not shown to be better than swav" in found.reason


def test_chance_is_a_floor_of_every_study(made: Any) -> None:
    results = cells.Results(made.plan, "classification", made.root)
    (chance,) = floors.floors(results, "default", "top1")
    labels = next(iter(results.cells["default", "cross_entropy"].examples.values()))["labels"]
    assert (chance.name, chance.value) == ("chance", 100 * np.bincount(labels).max() / len(labels))
    assert [floor.value for floor in floors.floors(results, "default", "auroc_digits")] == [50.0]
    assert not list(floors.floors(results, "default", "nll"))
    assert floors.under(results, "default", "arcface", "top1") is None


ADVANTAGE = Information(frozenset({Seen("elsewhere", 6000, labels=False, by="simclr of study ssl")}))


def test_sides_that_have_not_seen_the_same_are_compared_only_by_a_claim_that_says_so(made: Any) -> None:
    plain = kit.verdict(made, better="dcl", than="random_encoder")
    unequal = SimpleNamespace(root=made.root, plan=replace(made.plan, seen={("ssl", "dcl"): ADVANTAGE}))
    found = kit.verdict(unequal, better="dcl", than="random_encoder")
    assert (found.verdict, found.effect, found.unequal) == ("inconclusive", plain.effect, "")
    seen = "dcl (default) has: 6,000 examples of elsewhere without labels (through simclr of study ssl)"
    assert found.reason.startswith(f"unequal information, which the claim does not allow for: {seen}")
    allowed = kit.verdict(unequal, better="dcl", than="random_encoder", despite="that is what it is about")
    assert (allowed.verdict, allowed.reason) == ("supported", "")
    assert allowed.unequal.startswith(seen)
    both = {("ssl", method): ADVANTAGE for method in ("dcl", "random_encoder")}
    alike = SimpleNamespace(root=made.root, plan=replace(made.plan, seen=both))
    assert kit.verdict(alike, better="dcl", than="random_encoder") == plain


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
    told = "simclr (default): no Linear probe top-1 (%), projector at 3 of 3 seeds, since the runs do not measure it"
    assert (found.verdict, found.reason) == ("inconclusive", told)


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
