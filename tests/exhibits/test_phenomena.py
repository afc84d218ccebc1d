"""What a study is about: stated, and judged by its runs."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.exhibits import phenomena
from pipeline.exhibits.cells import Results
from pipeline.exhibits.phenomena import Phenomenon
from pipeline.exhibits.tables import words
from pipeline.planning.model import Study
from tests.kit import exhibits as kit


def stating(plan: Any, *stated: dict[str, Any]) -> Any:
    """The plan whose self-supervised study states these."""
    usual = {"statement": "It is seen.", "metric": "linear_top1", "method": "dcl"}
    entries = [{"id": f"n{place}"} | usual | each for place, each in enumerate(stated)]
    entry = kit.STUDIES[0] | {"phenomena": entries}
    return replace(plan, studies={**plan.studies, "ssl": Study.model_validate(entry)})


def judged(made: Any, **stated: Any) -> Phenomenon:
    (found,) = phenomena.judge(Results(stating(made.plan, stated), "ssl", made.root))
    return found


def mean(made: Any, method: str, variant: str, metric: str) -> float:
    """Over a cell's runs."""
    results = Results(made.plan, "ssl", made.root)
    return kit.metric_of(SimpleNamespace(root=made.root, results=results), method, variant, metric)


def test_it_holds_where_the_whole_interval_is_beyond_the_bound(made: Any) -> None:
    value = judged(made, above=0.0).estimate
    assert value.low < value.mean < value.high
    assert value.mean == pytest.approx(mean(made, "dcl", "default", "linear_top1"))
    bounds = value.low - 0.01, value.mean, value.high + 0.01
    assert [judged(made, above=bound).holds for bound in bounds] == ["yes", "undecided", "no"]
    assert [judged(made, below=bound).holds for bound in bounds] == ["no", "undecided", "yes"]


def test_a_pair_is_its_difference(made: Any) -> None:
    pair = {"than": "random_encoder", "above": 20.0}
    expected = mean(made, "dcl", "default", "linear_top1")
    expected -= mean(made, "random_encoder", "default", "linear_top1")
    found = judged(made, **pair)
    assert (found.holds, found.source, found.bound) == ("yes", "run", "> 20")
    assert found.estimate.mean == pytest.approx(expected)
    own = {"than_variant": "small_batch", "than_metric": "knn_top1", "than": "dcl", "below": 1000.0}
    expected = mean(made, "dcl", "default", "linear_top1")
    expected -= mean(made, "dcl", "small_batch", "knn_top1")
    assert judged(made, **own).estimate.mean == pytest.approx(expected)


def test_it_has_no_sign_of_its_own(made: Any) -> None:
    """Where lower is better, above is above all the same."""
    found = judged(made, metric="alignment", above=0.001)
    assert (found.holds, found.estimate.mean > 0) == ("yes", True)


def test_with_a_run_lost_it_is_undecided(made: Any) -> None:
    gone = judged(made, method="mochi", above=0.0)
    assert (gone.holds, gone.estimate) == ("undecided", None)
    assert judged(made, than="mochi", above=-1000.0).holds == "undecided"
    records = kit.Lacking(made.root, "dcl", "linear_top1", {2: "it is nan"})
    (found,) = phenomena.judge(Results(stating(made.plan, {"above": 0.0}), "ssl", made.root, records))
    assert (found.holds, found.estimate.n_seeds) == ("undecided", 2)


def test_phenomena_csv(made: Any, tmp_path: Path) -> None:
    plan = stating(made.plan, {"above": 0.0}, {"below": 12.5, "method": "mochi"})
    phenomena.write({key: Results(plan, key, made.root) for key in plan.studies}, tmp_path)
    rows = kit.rows(tmp_path, "phenomena.csv")
    assert ",".join(rows[0]) == "study,phenomenon,statement,metric,value,ci_low,ci_high,bound,holds,source"
    first, second = (list(row.values()) for row in rows)
    value = judged(made, above=0.0).estimate
    numbers = [f"{end:.6f}" for end in (value.mean, value.low, value.high)]
    assert first == ["ssl", "n0", "It is seen.", "linear_top1", *numbers, "> 0", "yes", "run"]
    assert second == ["ssl", "n1", "It is seen.", "linear_top1", "", "", "", "< 12.5", "undecided", "run"]


def test_they_stand_above_the_table_in_words(made: Any) -> None:
    found = judged(made, above=50.0)
    value = found.estimate
    assert words.phenomenon(found) == (
        f"It is seen: {value.mean:.1f} [{value.low:.1f}, {value.high:.1f}], for > 50: holds."
    )
    assert words.phenomenon(judged(made, method="mochi", below=1.0)) == "It is seen: no value, for < 1: undecided."
