"""Papers held against the methods and studies that there are: each fault is one line with the nearest right name."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.exhibits.floors import ALIKE
from pipeline.planning import load as planning
from pipeline.planning import papers
from tests.kit import project

PAPER = "papers/label_smoothing.yaml"
TEST = {"study": "classification", "metric": "ece", "better": "label_smoothing", "than": "cross_entropy"}


def claim(**test: Any) -> dict[str, Any]:
    return {"claims": [{"id": "c", "statement": "It helps.", "test": {**TEST, **test}}]}


UNTESTED = {"id": "c", "statement": "It helps."}
FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    (claim(better="label_smothing"), ["claim 'c': better", "study 'classification'", "did you mean 'label_smoothing'"]),
    (claim(than="cross_entropi"), ["claim 'c': than", "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (claim(better="simclr"), ["claim 'c': better", "unknown method of study 'classification' 'simclr'"]),
    (claim(metric="ecee"), ["claim 'c': metric", "unknown metric 'ecee'", "did you mean 'ece'"]),
    (claim(than_metric="nl"), ["claim 'c': than_metric", "unknown metric 'nl'", "did you mean 'nll'"]),
    (claim(metric="nc1"), ["claim 'c': metric = 'nc1'", "'classification' does not measure it", "further_metrics"]),
    (claim(than_metric="nc1"), ["claim 'c': than_metric = 'nc1'", "'classification' does not measure it"]),
    (claim(study="clasification"), ["claim 'c': study", "'clasification'", "did you mean 'classification'"]),
    (claim(variant="held_uot"), ["claim 'c': better", "variant of study 'classification' 'held_uot'", "'held_out'"]),
    (claim(than="label_smoothing", than_variant="defalt"), ["claim 'c': than", "'defalt'", "did you mean 'default'"]),
    (claim(variant="held_out"), ["claim 'c': better", "has no 'label_smoothing' in variant 'held_out'"]),
    (claim(better="cross_entropy", than="max_sup", relative_to="held_out"),
        ["claim 'c': than", "has no 'max_sup' in variant 'held_out'"]),
    (claim(study="ssl", metric="linear_top1", better="sepclr", than="simclr"),
        ["claim 'c': better", "study 'ssl' has no 'sepclr' in variant 'default'"]),
    (claim(better="cross_entropy"), [PAPER, "'cross_entropy' is compared with itself"]),
    (claim(than=0.5, than_variant="held_out"), [PAPER, "'than_variant' is a method's", "0.5"]),
    (claim(beter="x"), [PAPER, "unknown key", "beter", "did you mean 'better'"]),
    (claim(direction="up"), [PAPER, "direction = 'up'", "'higher' or 'lower'"]),
    ({"claims": [UNTESTED]}, ["claim 'c'", "neither a test nor a why_not"]),
    ({"claims": [{**UNTESTED, "why_not": "No data."}] * 2}, ["claim 'c' is there twice"]),
    ({"claims": [{**UNTESTED, "id": "a-b", "why_not": "No data."}, {**UNTESTED, "id": "a_b", "why_not": "No."}]},
        ["claim 'a_b' is there twice, first as 'a-b'"]),
    ({"claims": [{**UNTESTED, "id": "A b", "why_not": "No data."}]}, [PAPER, "claims.0.id = 'A b'"]),
    (claim(than=1e12), ["claim 'c': than = 1e+12", "'ece' lies from 0 to"]),
    ({"methods": ["label_smoothing", "label_smoothing"]}, [PAPER, "'label_smoothing' is listed twice"]),
    ({"authors": []}, [PAPER, "authors = []"]),
    ({"authors": [""]}, [PAPER, "authors.0 = ''", "must not be empty"]),
    ({"authors": ["A", "A"]}, [PAPER, "'A' is listed twice"]),
    ({"title": ""}, [PAPER, "title = ''", "must not be empty"]),
    ({"year": "2016"}, [PAPER, "year = '2016'", "write 2016"]),
    ({"year": 16}, [PAPER, "year = 16", "greater than or equal to 1600"]),
    ({"url": "javascript:alert(1)"}, [PAPER, "url = 'javascript:alert(1)'"]),
    ({"key": "x"}, [PAPER, "unknown key 'key'"]),
    ({"methods": ["label_smothing"]}, [f"{PAPER}: methods", "'label_smothing'", "did you mean 'label_smoothing'"]),
    ({"methods": ["distillation"]}, [f"{PAPER}: methods: lacks 'label_smoothing'"]),
    ({"reported": [{"method": "dlc", "dataset": "d", "metric": "m", "value": 1.0}]},
        [f"{PAPER}: reported", "unknown method 'dlc'", "did you mean 'dcl'"]),
    ({"status": "done"}, [PAPER, "status = 'done'", "'works'"]),
    ({"status": "theory"}, [PAPER, "status 'theory' needs a reason"]),
    ({"catalog": 3}, [PAPER, "unknown key 'catalog'", "did you mean 'catalogue'"]),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project.make(tmp_path / "project", small=False)


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize(("changes", "parts"), FAULTS, ids=[str(changes)[:70] for changes, _ in FAULTS])
def test_a_fault_is_one_line_with_the_nearest_right_name(
    folder: Path, changes: dict[str, Any], parts: list[str]
) -> None:
    project.edit(folder / PAPER, **changes)
    message = refused(folder)
    assert PAPER in message
    assert all(part in message for part in parts), message


def test_a_claim_may_ask_what_the_studies_answer(folder: Path) -> None:
    right = [
        claim(),
        claim(than=0.1, metric="brier"),
        claim(better="cross_entropy", than="cross_entropy", variant="held_out", than_variant="default"),
        claim(study="ssl", metric="linear_top1_1pct", better="simclr", than="dcl", relative_to="small_batch"),
        claim(study="ssl", metric="linear_top1", than_metric="knn_top1", better="simclr", than="simclr"),
        claim(study="ssl", metric="linear_top1", better="sepclr", than="simclr", variant="background"),
    ]
    for place, changes in enumerate(right):
        changes["claims"][0]["id"] = f"c{place}"
    project.edit(folder / PAPER, claims=[changes["claims"][0] for changes in right])
    assert planning.load(folder).runs


def test_a_claim_may_ask_a_study_that_is_not_planned_today(folder: Path) -> None:
    project.edit(folder / "params.yaml", studies=["ssl"])
    assert planning.load(folder).runs
    project.edit(folder / PAPER, **claim(better="label_smothing"))
    assert "did you mean 'label_smoothing'" in refused(folder)


def test_of_a_metric_of_which_neither_is_better_a_claim_says_which_it_means(folder: Path) -> None:
    project.edit(folder / "studies/classification.yaml", further_metrics=["suspected"])
    project.edit(folder / PAPER, **claim(metric="suspected"))
    assert "metric = 'suspected': neither is better; say in `direction`" in refused(folder)
    project.edit(folder / PAPER, **claim(metric="suspected", direction="lower"))
    assert planning.load(folder).runs


def test_a_number_of_the_catalogue_is_one_papers(folder: Path) -> None:
    project.edit(folder / PAPER, catalogue=7)
    project.edit(folder / "papers/max_sup.yaml", catalogue=7)
    assert refused(folder) == "papers/max_sup.yaml: catalogue = 7: is that of papers/label_smoothing.yaml too"


def test_a_methods_paper_must_be_there(folder: Path) -> None:
    (folder / PAPER).rename(folder / "papers/label_smooth.yaml")
    project.edit(folder / "papers/label_smooth.yaml", methods=[])
    message = refused(folder)
    assert message.startswith("pipeline/methods/classifier/")
    assert "paper: unknown paper 'label_smoothing'; did you mean 'label_smooth'?" in message


def test_papers_are_found_by_their_files(folder: Path) -> None:
    found = papers.load(folder)
    assert list(found) == sorted(path.stem for path in (folder / "papers").glob("*.yaml"))
    assert found["label_smoothing"].claims[0].id == "calibration"
    (folder / "papers/new.yaml").write_text("title: [", encoding="utf-8")
    with pytest.raises(UserError, match=r"papers/new.yaml line \d+: not valid YAML"):
        papers.load(folder)


def test_every_claim_of_a_study_with_a_floor_is_tested_where_it_runs() -> None:
    plan = planning.load(project.HERE)

    def data(run: Any) -> str:
        return str([run.dataset, *(run.settings.get(name) for name in ALIKE)])

    floored = {key: {data(run) for run in plan.study_runs(key) if run.method == study.floor}
               for key, study in plan.studies.items() if study.floor}  # fmt: skip
    assert floored
    for paper in papers.load(project.HERE).values():
        for test in (claim.test for claim in paper.claims if claim.test and claim.test.study in floored):
            variants = {test.variant, test.than_variant or test.variant, test.relative_to or test.variant}
            there = {data(run) for run in plan.study_runs(test.study) if run.variant in variants}
            assert there <= floored[test.study], (paper.key, test)
