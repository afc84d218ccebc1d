"""Searches of learning rates: what they try, what they found, and where the rates that they chose come to stand."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.files import write_json
from pipeline.planning import load as planning
from pipeline.planning import search
from pipeline.planning.model import Plan
from tests.kit import project

RATES = {"learning_rates": [0.01, 0.5], "validation_examples": 64}
S, CHOSEN = "studies/ssl.yaml", "studies/ssl.rates.yaml"


def planned(folder: Path, rates: dict[str, Any] | None = None, **study: Any) -> Plan:
    """The plan of a study with these keys over the tests' self-supervised one, cut to two methods, and its search."""
    if not folder.exists():
        project.make(folder, small=False)
    cells = {"methods": ["simclr", {"key": "random_encoder", "reference": True}], "variants": {"default": {}}}
    project.write(folder / S, project.read(folder / S) | cells | {"search": {"smoke": RATES}} | study)
    project.write(folder / CHOSEN, rates or {})
    return planning.load(folder, {"studies": ["ssl", "ssl_search"]})


def test_a_search_tries_every_rate_for_every_method_that_trains_and_sees_no_test_image(tmp_path: Path) -> None:
    variants = {"default": {}, "other": {"batch_size": 32, "methods": ["simclr", "dcl"]}}
    methods = ["simclr", {"key": "dcl", "only": ["other"]}, "random_encoder"]
    plan = planned(tmp_path / "project", {"smoke": {"dcl": 0.5}}, methods=methods, variants=variants)
    runs = plan.study_runs("ssl_search")
    found = {(run.method, run.variant, run.settings["optimizer"]["learning_rate"]) for run in runs}
    assert found == {
        ("simclr", "rate_0p01", 0.01),
        ("simclr", "rate_0p5", 0.5),
        ("dcl", "other_rate_0p01", 0.01),
        ("dcl", "other_rate_0p5", 0.5),
    }
    assert len(runs) == 4
    for run in runs:
        assert run.settings["evaluate_on"] == "validation"
        assert run.settings["validation_examples"] == 64
        assert run.settings["batch_size"] == (32 if run.method == "dcl" else 128)


def test_a_chosen_rate_is_its_methods_at_its_tier(tmp_path: Path) -> None:
    rates = {"smoke": {"simclr": 0.25}, "gpu": {"simclr": 0.75}}
    plan = planned(tmp_path / "project", rates, methods=["simclr", "dcl"])
    found = {run.method: run.settings["optimizer"]["learning_rate"] for run in plan.study_runs("ssl")}
    assert found == {"simclr": 0.25, "dcl": 0.05}


def test_rates_that_were_chosen_change_no_run_of_the_search(tmp_path: Path) -> None:
    before = planned(tmp_path / "project")
    after = planned(tmp_path / "project", {"smoke": {"simclr": 0.25}})
    assert before.study_runs("ssl_search") == after.study_runs("ssl_search")
    assert before.study_runs("ssl") != after.study_runs("ssl")


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"search": {}}, "studies/ssl.yaml: has no search.smoke"),
        (
            {"search": {"smoke": {"learning_rates": [0.1], "validation_examples": 9}}},
            "search.smoke.learning_rates = [0.1]",
        ),
        ({"search": {"smoke": {**RATES, "train_examples": 60}}}, "validation_examples = 64: must be fewer than the 60"),
    ],
)
def test_bad_searches_are_one_line(tmp_path: Path, study: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(tmp_path / "project", **study)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def searched(root: Path) -> Plan:
    """A plan whose search has been run."""
    rates = {"smoke": {"dcl": 0.01}, "gpu": {"dcl": 0.7}}
    plan = planned(root, rates, methods=["simclr", "dcl"], search={"smoke": {**RATES, "seeds": 2}})
    scores = {("simclr", 0.01): [50, 60], ("simclr", 0.5): [54, 56], ("dcl", 0.01): [30, 31], ("dcl", 0.5): [40, None]}
    for run in plan.study_runs("ssl_search"):
        score = scores[run.method, search.rate_of(run)][run.seed]
        metrics = {} if score is None else {"linear_top1": score}
        write_json(root / run.path / "result.json", {"id": run.id, "metrics": metrics})
    return plan


def test_what_a_search_found_is_compared_with_what_the_study_has(tmp_path: Path) -> None:
    plan = searched(tmp_path / "project")
    with pytest.raises(UserError, match="make search STUDY=ssl"):
        search.choices(plan, "ssl", tmp_path)
    simclr, dcl = search.choices(plan, "ssl", tmp_path / "project")
    assert (simclr.method, simclr.scores, simclr.best, simclr.stated) == ("simclr", {0.01: 55, 0.5: 55}, 0.01, 0.05)
    # a rate that lost a seed is not chosen
    assert (dcl.method, dcl.scores, dcl.best, dcl.stated) == ("dcl", {0.01: 30.5, 0.5: None}, 0.01, 0.01)


def test_the_best_rates_are_written_beside_the_study_and_then_are_its_own(tmp_path: Path) -> None:
    root = tmp_path / "project"
    plan = searched(root)
    assert search.write(search.choices(plan, "ssl", root), "ssl", "smoke", root) == root / CHOSEN
    # those of other tiers stay
    assert project.read(root / CHOSEN) == {"smoke": {"simclr": 0.01, "dcl": 0.01}, "gpu": {"dcl": 0.7}}
    again = planning.load(root, {"studies": ["ssl", "ssl_search"]})
    assert all(choice.best == choice.stated for choice in search.choices(again, "ssl", root))
    written = (root / CHOSEN).read_text()
    search.write(search.choices(again, "ssl", root), "ssl", "smoke", root)
    assert (root / CHOSEN).read_text() == written
