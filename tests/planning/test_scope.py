"""What is made here and what is shown as published: `rerun`, each study's core, and what is not published."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import publishing
from pipeline.errors import UserError
from pipeline.files import write_sealed
from pipeline.planning import load as planning
from pipeline.planning import scope
from pipeline.planning.model import Claim, Plan, Study
from pipeline.publishing import store
from tests.kit import project
from tests.kit import published as kit

C, O, LS = "studies/classification.yaml", "studies/ood.yaml", "papers/label_smoothing.yaml"  # noqa: E741
KEYS = ("classification", "ood")
BASE, SMOOTHED, COSINE, SQUARED = "cross_entropy", "label_smoothing", "cosface", "max_sup"
CORE = {("classification", BASE), ("ood", "msp")}
ALL = CORE | {("classification", SMOOTHED), ("classification", COSINE), ("ood", "energy")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose two studies are published: four and two methods, two seeds. Not to be changed."""
    folder = project.make(tmp_path_factory.mktemp("scope") / "project")
    project.edit(folder / C, methods=[BASE, SMOOTHED, COSINE])
    project.edit(folder / O, methods=["msp", "energy"])
    for key in KEYS:
        plan = planning.load(folder, {"rerun": "all"}, key, anew=key)
        kit.complete(folder, plan, key)
        publishing.publish(plan, key, folder)
    shutil.rmtree(folder / "runs")
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return project.copy(whole, tmp_path / "project")


def made(plan: Plan) -> set[tuple[str, str]]:
    """Study and method of what a plan makes; seeds of a cell are made together."""
    made, shown = (
        {(run.study, run.method) for run in plan.runs if plan.makes(run) is makes} for makes in (True, False)
    )
    assert not made & shown
    return made


# --- rerun ---


@pytest.mark.parametrize(("rerun", "cells"), [("core", CORE), ("all", ALL), ("none", set())])
def test_rerun_says_what_is_made_though_it_is_published(whole: Path, rerun: str, cells: Any) -> None:
    assert made(planning.load(whole, {"rerun": rerun})) == cells
    assert made(planning.load(whole)) == CORE, "unless told otherwise"


def test_a_bad_rerun_is_one_line(folder: Path) -> None:
    project.edit(folder / "params.yaml", rerun="coer")
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    assert str(caught.value) == "params.yaml: rerun = 'coer': input should be 'core', 'all' or 'none'"


@pytest.mark.parametrize("rerun", ["core", "none"])
def test_what_is_not_published_is_made(folder: Path, rerun: str) -> None:
    project.edit(folder / C, methods=[BASE, SMOOTHED, COSINE, SQUARED])
    shutil.rmtree(folder / "published/ood")
    new = {("classification", SQUARED), ("ood", "msp"), ("ood", "energy")}
    assert made(planning.load(folder, {"rerun": rerun})) == (new if rerun == "none" else CORE | new)


def test_what_is_published_at_another_tier_counts_for_nothing(folder: Path) -> None:
    there = folder / "published/ood"
    write_sealed(there / store.SEAL, {"study": "ood", "tier": "gpu"}, there.glob("*.csv"))
    plan = planning.load(folder)
    assert plan.published.keys() == {"classification"}
    assert made(plan) == CORE | {("ood", "energy")}


def test_files_that_were_cut_stop_only_who_asks_for_them(folder: Path) -> None:
    (folder / "published/ood/runs.csv").write_text("id\n", encoding="utf-8")
    plan = planning.load(folder)
    with pytest.raises(UserError, match=r"published/ood/runs.csv: changed since it was written"):
        plan.makes(plan.runs[0])
    assert made(planning.load(folder, {"studies": ["classification"]})) == {("classification", BASE)}
    assert made(planning.load(folder, {"rerun": "all"})) == ALL


# --- what has changed since ---


def test_what_has_changed_since_is_not_current_and_made_only_where_it_is_core(folder: Path) -> None:
    before = planning.load(folder)
    project.edit(folder / C, budget__smoke__epochs=2)
    plan = planning.load(folder)
    assert not any(run.id in plan.published[run.study].by_id for run in plan.runs)
    assert all(run.id in before.published[run.study].by_id for run in before.runs)
    assert made(plan) == CORE


def test_what_an_unpublished_claim_compares_is_made(folder: Path) -> None:
    claims = project.read(folder / LS)["claims"]
    new = {"study": "classification", "metric": "nll", "better": COSINE, "than": SMOOTHED}
    project.edit(folder / LS, claims=[*claims, {"id": "new", "statement": "It does.", "test": new}])
    assert made(planning.load(folder)) == CORE | {("classification", COSINE), ("classification", SMOOTHED)}
    assert made(planning.load(folder, {"rerun": "none"})) == set()


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"metric": "nll"}, True),
        ({"margin": 0.5}, True),
        ({"despite": "That is what it is about."}, True),
        ({}, False),
    ],
    ids=str,
)
def test_a_claim_whose_test_has_changed_is_unpublished(folder: Path, changes: dict[str, Any], anew: bool) -> None:
    claim, other = project.read(folder / LS)["claims"]
    claim |= {"statement": "In other words.", "test": claim["test"] | changes}
    project.edit(folder / LS, claims=[claim, other])
    assert (("classification", SMOOTHED) in made(planning.load(folder))) is anew


def test_in_which_words_a_claim_excuses_itself_is_no_change() -> None:
    test = {"study": "s", "metric": "m", "better": "a", "than": "b"}
    said = [{"id": "c", "statement": "S.", "test": test | {"despite": text}} for text in ("So it is.", "It is so.", "")]
    words = [scope.asked(Claim.model_validate(claim)) for claim in said]
    assert words[0] == words[1] != words[2]


@pytest.mark.parametrize(
    ("values", "studies"),
    [
        ({"seeds": 1}, KEYS),
        ({"first_seed": 5}, KEYS),
        ({"overrides": {"classification": {"epochs": 2}}}, ["classification"]),
    ],
    ids=str,
)
def test_with_seeds_or_a_budget_of_the_calls_own_all_of_a_study_is_made(
    folder: Path, values: dict[str, Any], studies: Sequence[str]
) -> None:
    plan = planning.load(folder, values)
    assert made(plan) == CORE | {cell for cell in ALL if cell[0] in studies}
    assert plan.published.keys() == set(KEYS) - set(studies)
    assert next(iter(values)) in plan.altered and not planning.load(folder).altered


# --- what is trained and read, though it is not made ---


def test_what_runs_build_on_is_trained_though_it_is_published(folder: Path) -> None:
    shutil.rmtree(folder / "published/ood")
    plan = planning.load(folder, {"rerun": "none"})
    assert made(plan) == {("ood", "msp"), ("ood", "energy")}
    trained = {(run.study, run.method, run.seed) for run in plan.runs if plan.trains(run)}
    assert trained == {("classification", BASE, seed) for seed in (0, 1)}
    assert plan.read == ("fashion_mnist",)


def test_where_nothing_is_made_nothing_is_trained_or_read(whole: Path) -> None:
    plan = planning.load(whole, {"rerun": "none"})
    assert not any(map(plan.trains, plan.runs))
    assert plan.read == () and plan.datasets == ("fashion_mnist",)


def test_only_data_that_are_read_here_are_prepared(folder: Path) -> None:
    project.edit(folder / O, budget__smoke__outliers=["digits"], methods=["msp", "energy", "max_logit"])
    plan = planning.load(folder, {"rerun": "none"})
    assert made(plan) == {("ood", "max_logit")} and plan.read == ("digits", "fashion_mnist")
    assert planning.load(folder, {"rerun": "none", "studies": ["classification"]}).read == ()


# --- the core of a study ---


def test_the_core_is_ends_and_what_is_named() -> None:
    study = {
        "key": "s", "title": "S", "protocol": "supervised", "dataset": "fashion_mnist", "metrics": {"top1": "higher"},
        "budget": {"smoke": {}}, "methods": list("abcdefgh"), "variants": {"first": {}, "second": {}, "default": {}},
        "baseline": "a", "floor": "b", "ceiling": {"method": "c", "variant": "second"}, "core": {"second": ["d", "e"]},
    }  # fmt: skip
    expected = {("first", "a"), ("first", "b"), ("second", "c"), ("second", "d"), ("second", "e")}
    assert Study.model_validate(study).essential == expected
    bare = {name: study[name] for name in study.keys() - {"floor", "ceiling", "core"}}
    assert Study.model_validate(bare).essential == {("first", "a")}
    assert Study.model_validate(bare | {"ceiling": "h"}).essential == {("first", "a"), ("default", "h")}


def test_what_a_study_calls_its_core_is_made(folder: Path) -> None:
    project.edit(folder / C, core={"default": [COSINE]})
    assert made(planning.load(folder)) == CORE | {("classification", COSINE)}


def test_what_an_unpublished_phenomenon_is_about_is_made(folder: Path) -> None:
    shown = {"id": "one", "statement": "One.", "metric": "top1", "method": SMOOTHED, "above": 0.0}
    project.edit(folder / C, phenomena=[shown])
    assert made(planning.load(folder)) == CORE | {("classification", SMOOTHED)}
    assert made(planning.load(folder, {"rerun": "none"})) == set()


# --- seeds from another one on ---


def test_seeds_count_from_the_first_one_and_so_do_those_of_bases(whole: Path) -> None:
    usual, plan = planning.load(whole), planning.load(whole, {"first_seed": 7})
    assert {run.seed for run in plan.runs} == {7, 8} and len(plan.runs) == len(usual.runs)
    assert not {run.training for run in plan.runs} & {run.training for run in usual.runs}
    of_ood = plan.study_runs("ood")
    assert [plan.by_id[need].seed for run in of_ood for need in run.needs] == [run.seed for run in of_ood]


def test_of_a_study_without_data_all_is_core() -> None:
    plan, shown = (planning.load(project.HERE, {"studies": ["dynamics"], "rerun": r}) for r in ("core", "none"))
    assert plan.published and all(map(plan.makes, plan.runs))
    assert not any(map(shown.makes, shown.runs))
