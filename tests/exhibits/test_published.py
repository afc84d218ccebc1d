"""Published results beside runs: tables, claims, phenomena and pages, from fabricated runs that were published."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.exhibits import claims, figures, outputs, phenomena, publication, report, tables
from pipeline.exhibits.cells import Results
from pipeline.exhibits.report import index
from pipeline.exhibits.tables import build, csv, markdown, words
from pipeline.exhibits.tables.model import Entry, Row, Table
from pipeline.publishing import store
from pipeline.publishing.store import Published
from tests.kit import exhibits as kit

DCL, SIMCLR = ("default", "dcl"), ("default", "simclr")


def places(plan: Any) -> set[tuple[str, str]]:
    return {(run.variant, run.method) for run in plan.runs}


def shown(published: Any, *made: tuple[str, str], **studies: Published) -> Any:
    """The plan that makes these cells alone. studies: what is published of them, in place of what was."""
    plan = published.plan
    return replace(plan, left=places(plan) - set(made), published={**plan.published, **studies})


def edited(published: Any, study: str, file: str, where: dict[str, str], **values: str) -> Published:
    """What is published of a study, with other values in a file's lines that are as `where` says."""
    found = published.plan.published[study]
    files = {name: [dict(line) for line in lines] for name, lines in found.files.items()}
    lines = [line for line in files[file] if where.items() <= line.items()]
    assert lines
    for place, line in enumerate(lines):
        line |= {name: value.format(place) for name, value in values.items()}
    return replace(found, files=files)


def earlier(published: Any, *methods: str) -> Published:
    """The self-supervised study, published when these methods' code was another."""
    found = published
    for method in methods:
        ssl = edited(found, "ssl", store.RUNS, {"method": method}, id=f"{method}-earlier-{{}}")
        found = SimpleNamespace(plan=replace(found.plan, published={**found.plan.published, "ssl": ssl}))
    return found.plan.published["ssl"]


def table(published: Any, plan: Any, study: str = "ssl") -> Table:
    return build.table(Results(plan, study, published.root))


def rows(found: Table) -> dict[tuple[str, str], Row]:
    return {(block.variant, row.method): row for block in found.blocks for row in block.rows}


def looks(entry: Entry) -> Any:
    """All that a reader sees of a number."""
    ends = [round(end, 6) for end in (entry.estimate.low, entry.estimate.high)] if entry.estimate else []
    return ends, entry.best, entry.tied, entry.signs, entry.gap


# --- tables ---


MADE = [(), (SIMCLR,), (SIMCLR, DCL, ("small_batch", "dcl"), ("default", "cross_entropy"))]


@pytest.mark.parametrize("study", ["ssl", "classification", "ood"])
@pytest.mark.parametrize("cells", MADE, ids=map(len, MADE))
def test_what_is_published_is_shown_as_the_runs_would_be(
    published: Any, cells: tuple[tuple[str, str], ...], study: str
) -> None:
    whole = Results(replace(published.plan, published={}), study, published.root)
    part = Results(shown(published, *cells), study, published.root)
    assert [row[:-1] for row in csv.rows(part)] == [row[:-1] for row in csv.rows(whole)]
    first, second = rows(build.table(whole)), rows(build.table(part))
    assert first.keys() == second.keys()
    for place, row in first.items():
        assert [looks(entry) for entry in second[place].entries] == [looks(entry) for entry in row.entries], place


def test_a_row_says_where_its_numbers_come_from(published: Any) -> None:
    found = table(published, shown(published, SIMCLR, ssl=earlier(published, "swav")))
    assert found.facts[-1] == "source" and found.heads["source"] == "Source"
    facts = {place: row.facts[-1] for place, row in rows(found).items()}
    assert facts[SIMCLR] == "run, as published"
    assert facts[DCL] == facts["small_batch", "simclr"] == "published"
    assert facts["default", "swav"] == "published earlier"
    line = next(line for line in markdown.text(found).splitlines() if line.startswith("| swav"))
    assert line.endswith("| published earlier |")
    assert "Published earlier: of code or settings that have changed since." in " ".join(found.legend)
    assert "source" not in table(published, replace(published.plan, published={})).facts


def test_source_is_the_last_column_of_the_csv(published: Any) -> None:
    plan = shown(published, SIMCLR, ssl=earlier(published, "swav"))
    found = {(line[3], line[2]): line[-1] for line in csv.rows(Results(plan, "ssl", published.root))}
    assert csv.COLUMNS[-1] == "source" and csv.COLUMNS[3:1:-1] == ["variant", "method"]
    expected = dict.fromkeys(found, "published") | {SIMCLR: "run", ("default", "swav"): "published_earlier"}
    assert found == expected


def test_one_changed_seed_makes_a_cell_of_earlier(published: Any) -> None:
    one = edited(published, "ssl", store.RUNS, {"method": "swav", "seed": "1"}, id="earlier")
    assert (
        Results(shown(published, ssl=one), "ssl", published.root).cells["default", "swav"].source == "published_earlier"
    )


def test_what_was_published_earlier_is_neither_ranked_nor_compared_with(published: Any) -> None:
    usual, best = rows(table(published, published.plan)), ("default", "dcl")
    assert usual[best].entries[0].best
    without = rows(table(published, shown(published, SIMCLR, ssl=earlier(published, "dcl"))))
    assert not any(entry.best or entry.tied for entry in without[best].entries)
    assert any(row.entries[0].best for (variant, _), row in without.items() if variant == "default")
    made = {("default", method) for method in ("dcl", "swav", "random_encoder")}
    changed = rows(table(published, shown(published, *made, ssl=earlier(published, "simclr"))))
    assert not any(changed[place].entries[0].versus for place in made)


def test_where_not_all_is_as_published_rows_are_compared_by_seeds(published: Any) -> None:
    """A method that is added must not be ranked by what was published when it was not there."""
    unknown = edited(published, "ssl", store.RUNS, {"method": "swav"}, id="other-{}")
    found = rows(table(published, shown(published, SIMCLR, ("default", "swav"), ssl=unknown)))
    assert found["default", "swav"].source == "run" and found["default", "swav"].agreement is None
    means = {place: row.entries[0].estimate.mean for place, row in found.items() if row.entries[0].estimate}
    (best,) = [place for place, row in found.items() if row.entries[0].best and place[0] == "default"]
    assert means[best] == max(mean for place, mean in means.items() if place[0] == "default")
    assert found["default", "swav"].entries[0].versus is not None


@pytest.mark.parametrize(
    ("values", "outcome", "told"),
    [
        ({}, "identical", "run, as published"),
        ({"linear_top1": "81.000000"}, "off", "run, off what is published"),
        ({"device": "Another CPU"}, "identical", "run, as published"),
        ({"device": "Another CPU", "linear_top1": "81.000000"}, "within", "run, within the spread of seeds"),
        ({"device": "Another CPU", "linear_top1": "1.000000"}, "off", "run, off what is published"),
        ({"versions": "python=3.12.0", "linear_top1": "81.000000"}, "within", "run, within the spread of seeds"),
    ],
    ids=str,
)
def test_what_is_made_here_is_compared_with_what_is_published(
    published: Any, values: dict[str, str], outcome: str, told: str
) -> None:
    ssl = edited(published, "ssl", store.RUNS, {"method": "simclr", "variant": "default"}, **values)
    plan = shown(published, SIMCLR, ("small_batch", "simclr"), ssl=ssl)
    found = rows(table(published, plan))
    assert (found[SIMCLR].agreement, found[SIMCLR].facts[-1]) == (outcome, told)
    assert found["small_batch", "simclr"].agreement == "identical"
    assert found[DCL].agreement is None
    results = Results(plan, "ssl", published.root)
    kinds = Counter(results.agreement.values())
    words = index.scope({"ssl": results})
    assert f"{kinds['identical']} as published" in words and len(results.agreement) == 2


def test_lost_runs_are_published_too(published: Any) -> None:
    results = Results(shown(published), "ssl", published.root)
    assert {line["reason"] for line in results.lost} == {"loss is NaN at epoch 2"} and len(results.lost) == 3
    row = rows(build.table(results))["default", "mochi"]
    assert {entry.gap for entry in row.entries} == {"diverged"} and row.notes
    assert results.lost[0]["path"] == "published/ssl/runs.csv"


# --- claims and phenomena ---


def judged(published: Any, plan: Any) -> dict[tuple[str, str], Any]:
    return {(found.paper.key, found.claim.id): found for found in claims.judge(plan, kit.papers(), published.root)}


ACCURACY, SMALL = ("dcl", "accuracy"), ("dcl", "small-batch")


def test_verdicts_without_runs_are_the_published_ones(published: Any) -> None:
    runs, without = judged(published, replace(published.plan, published={})), judged(published, shown(published))
    for key, found in without.items():
        expected = runs[key]
        assert (found.verdict, found.reason, found.resolution) == (
            expected.verdict,
            expected.reason,
            expected.resolution,
        )
        if found.verdict == "not_tested":
            continue
        assert found.source == "published"
        ends = [(each.mean, each.low, each.high) for each in (found.effect, expected.effect)]
        assert ends[0] == pytest.approx(ends[1], abs=1e-6) and found.effect.n_seeds == expected.effect.n_seeds
        assert found.q_value == pytest.approx(expected.q_value, abs=1e-4)
    assert {found.verdict for found in without.values()} >= {"supported", "inconclusive", "not_tested"}


def test_a_verdict_is_by_runs_where_all_sides_are_made(published: Any) -> None:
    plan = shown(published, SIMCLR, DCL)
    found = judged(published, plan)
    assert (found[ACCURACY].source, found[SMALL].source) == ("run", "published")
    assert found[ACCURACY].published == found[ACCURACY].verdict and not found[SMALL].published
    other = edited(published, "ssl", store.CLAIMS, {"claim": "accuracy"}, verdict="inconclusive")
    again = judged(published, shown(published, SIMCLR, DCL, ssl=other))[ACCURACY]
    assert (again.verdict, again.published) == (found[ACCURACY].verdict, "inconclusive")
    # against what runs of other code said it is not held
    before = edited(published, "ssl", store.CLAIMS, {"claim": "accuracy"}, answered="earlier")
    assert judged(published, shown(published, SIMCLR, DCL, ssl=before))[ACCURACY].published == ""


def test_a_verdict_on_other_runs_is_of_earlier(published: Any) -> None:
    stale = edited(published, "ssl", store.CLAIMS, {"claim": "accuracy"}, answered="earlier")
    found = judged(published, shown(published, ssl=stale))
    assert found[ACCURACY].source == "published_earlier" and found[SMALL].source == "published"
    assert claims.line(found[ACCURACY], "laptop")[-1] == "published_earlier"


@pytest.mark.parametrize(
    "changes",
    [
        {"resolution": {"linear_top1": 1.0}},
        {"floor": None},
        {"metrics": {"linear_top1": "lower", "knn_top1": "higher"}},
    ],
    ids=str,
)
def test_a_verdict_rests_on_what_its_study_says_of_the_metric(published: Any, changes: dict[str, Any]) -> None:
    plan = shown(published)
    study = plan.studies["ssl"].model_copy(update=changes)
    found = judged(published, replace(plan, studies={**plan.studies, "ssl": study}))
    assert found[ACCURACY].source == "published_earlier"
    title = plan.studies["ssl"].model_copy(update={"title": "Another"})
    assert judged(published, replace(plan, studies={**plan.studies, "ssl": title}))[ACCURACY].source == "published"


def test_a_claim_that_asks_something_else_has_no_published_verdict(published: Any) -> None:
    other = edited(published, "ssl", store.CLAIMS, {"claim": "accuracy"}, asked="other")
    found = judged(published, shown(published, SIMCLR, ssl=other))[ACCURACY]
    told = "some of its runs are not made here, and no verdict on it is published"
    assert (found.verdict, found.reason, found.effect, found.q_value) == ("not_tested", told, None, None)
    assert judged(published, shown(published, SIMCLR, DCL, ssl=other))[ACCURACY].source == "run"


def told(published: Any, plan: Any) -> list[tuple[str, str, str]]:
    results = Results(plan, "ssl", published.root)
    return [(found.stated.id, found.holds, found.source) for found in phenomena.judge(results)]


def test_phenomena_are_by_runs_or_as_published(published: Any) -> None:
    learned, hard = ("learned", "yes"), ("hard", "yes")
    assert told(published, published.plan) == [(*learned, "run"), (*hard, "run")]
    assert told(published, shown(published, DCL)) == [(*learned, "published"), (*hard, "published")]
    by_runs = shown(published, DCL, ("default", "random_encoder"))
    assert told(published, by_runs) == [(*learned, "run"), (*hard, "published")]
    stale = edited(published, "ssl", store.PHENOMENA, {"phenomenon": "hard"}, answered="earlier")
    assert told(published, shown(published, ssl=stale))[1] == (*hard, "published_earlier")
    other = edited(published, "ssl", store.PHENOMENA, {"phenomenon": "hard"}, asked="other")
    assert told(published, shown(published, ssl=other))[1] == ("hard", "undecided", "published_earlier")
    found, expected = (phenomena.judge(Results(plan, "ssl", published.root))[0].estimate for plan in
                       (shown(published), published.plan))  # fmt: skip
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high), abs=1e-6)


# --- what is published ---


def test_the_same_runs_are_published_in_the_same_bytes(published: Any, tmp_path: Path) -> None:
    for key in published.plan.studies:
        turned = replace(published.plan, runs=published.plan.runs[::-1], published={})
        written = store.write(key, turned.tier, publication.files(turned, key, kit.papers(), published.root), tmp_path)
        for path in written:
            assert path.read_bytes() == (published.root / path.relative_to(tmp_path)).read_bytes(), path


def test_what_is_published_is_sorted_and_has_its_columns(published: Any) -> None:
    found = published.plan.published["ssl"]
    keys = [(line["variant"], line["method"], int(line["seed"])) for line in found.files[store.RUNS]]
    assert keys == sorted(keys) and len(keys) == 21
    metrics = sorted(published.plan.studies["ssl"].metrics)
    assert list(found.files[store.RUNS][0]) == [*store.HEAD, *metrics, *store.TAIL]
    lost = next(line for line in found.files[store.RUNS] if line["method"] == "mochi")
    assert (lost["status"], lost["reason"], lost["linear_top1"]) == ("diverged", "loss is NaN at epoch 2", "")
    assert (lost["commit"], lost["train_seconds"], lost["device"]) == ("abc1234", "4.0", "Example CPU")
    assert re.fullmatch(r"\d+\.\d{6}", found.files[store.RUNS][0]["linear_top1"])
    assert {line["claim"] for line in found.files[store.CLAIMS]} == {"accuracy", "small-batch"}
    assert [line["phenomenon"] for line in found.files[store.PHENOMENA]] == ["learned", "hard"]
    marks = [{line["mark"] for line in each.files[store.TABLE]} for each in published.plan.published.values()]
    assert set.union(*marks) == {"", "best", "tied"}
    below = {line["floor"].partition("=")[0] for line in published.plan.published["classification"].files[store.TABLE]}
    assert below == {"", "label_smoothing"}


# --- where nothing is made ---


class Nothing:
    """Records of a project in which no run was made."""

    def results(self, runs: Any) -> list[dict[str, Any]]:
        assert not list(runs)
        return []

    def examples(self, run: Any, features: bool = False) -> dict[str, Any]:
        raise AssertionError("there is none")

    def history(self, run: Any) -> list[dict[str, Any]]:
        raise AssertionError("there is none")


def test_all_exhibits_are_there_without_a_run(published: Any, tmp_path: Path) -> None:
    plan, records = shown(published), Nothing()
    for key in plan.studies:
        results = Results(plan, key, tmp_path, records)
        tables.write(results, {})
        for name in figures.names(results.study):  # which say that they have nothing to show, or show published means
            figures.module(name).draw(results)
            (tmp_path / "results/figures").mkdir(exist_ok=True)
            path = tmp_path / f"results/figures/{key}-{name}.svg"
            path.write_text('<svg width="486pt" height="90pt"></svg>', encoding="utf-8")
        assert words.hardware(results) == f"{len(results.runs)} runs published: published/{key}/."
        assert not any(cell.examples for cell in results.cells.values()), "figures draw what was made here"
    claims.write(plan, kit.papers(), tmp_path, records)
    report.write(plan, kit.papers(), tmp_path, records)
    assert {row["source"] for row in kit.rows(tmp_path, "tables/ssl.csv")} == {"published"}
    assert {row["source"] for row in kit.rows(tmp_path, "phenomena.csv")} == {"published"}
    assert {row["source"] for row in kit.rows(tmp_path, "claims.csv")} == {"published", ""}
    page = (tmp_path / "results/report/ssl.html").read_text(encoding="utf-8")
    assert 'href="../../published/ssl/runs.csv"' in page and "Mean and interval as published." in page
    assert "one seed and no values per example" not in page
    first = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert f"0 runs made here; {len(plan.runs)} others are shown as published" in first


def test_exhibits_are_made_anew_where_something_else_is_published_or_made(published: Any) -> None:
    plan = shown(published, SIMCLR)
    other = replace(plan.published["ssl"], seal="other")
    found = [outputs.digest(each, "ssl") for each in
             (plan, shown(published, SIMCLR, DCL), shown(published, SIMCLR, ssl=other))]  # fmt: skip
    assert len(set(found)) == 3
    assert outputs.digest(shown(published, SIMCLR, ssl=other), "ood") == outputs.digest(plan, "ood")
