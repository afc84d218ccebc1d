"""Methods that build on several runs, by names of their own: what they need, what their ids are of, what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.planning import load as planning
from pipeline.planning.model import Run
from tests.kit import project

STUDY = Path("studies/classification.yaml")
MIXED = "mixed_classifier"


def of(method: str, study: str = "classification", **more: str) -> dict[str, str]:
    return {"study": study, "method": method, **more}


BOTH = {"accurate": of("cross_entropy"), "robust": of("label_smoothing")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project.make(tmp_path / "project")


def planned(folder: Path, entry: dict[str, Any], **changes: Any) -> dict[tuple[str, str, int], Run]:
    """Runs of the study with such a line of the mixed classifier."""
    lines = [{"key": MIXED, **entry}, "cross_entropy", "label_smoothing"]
    project.edit(folder / STUDY, methods=lines, **changes)
    runs = planning.load(folder).study_runs("classification")
    return {(run.variant, run.method, run.seed): run for run in runs}


def test_runs_are_needed_in_the_order_of_the_methods_names_whatever_the_lines_is(folder: Path) -> None:
    for bases in (BOTH, dict(reversed(BOTH.items()))):
        runs = planned(folder, {"bases": bases})
        for seed in (0, 1):
            run = runs["default", MIXED, seed]
            assert run.needs == tuple(runs["default", key, seed].id for key in ("cross_entropy", "label_smoothing"))
            assert list(run.settings["bases"]) == ["accurate", "robust"] and "base" not in run.settings
            assert run.settings["bases"]["robust"] == of("label_smoothing", variant="default")
            assert run.settings["epochs"] == 0  # nothing to train
    assert "bases" not in runs["default", "cross_entropy", 0].settings


def test_ids_are_of_every_base_and_of_which_is_which(folder: Path) -> None:
    runs = planned(folder, {"bases": BOTH})
    swapped = planned(folder, {"bases": {"accurate": BOTH["robust"], "robust": BOTH["accurate"]}})
    alike = planned(folder, {"bases": {"accurate": BOTH["accurate"], "robust": BOTH["accurate"]}})
    cell = ("default", MIXED, 0)
    assert len({found[cell].id for found in (runs, swapped, alike)}) == 3
    assert len({found[cell].training for found in (runs, swapped, alike)}) == 3
    assert planned(folder, {"bases": BOTH})[cell].id == runs[cell].id


@pytest.mark.parametrize("key", ["cross_entropy", "label_smoothing"])
def test_what_trains_a_base_anew_makes_the_mixture_anew(folder: Path, key: str) -> None:
    before = planned(folder, {"bases": BOTH})
    anew = {"key": key, "budget": {"optimizer": {"name": "sgd", "learning_rate": 0.011}}, "why": "x"}
    others = [anew if other == key else other for other in ("cross_entropy", "label_smoothing")]
    project.edit(folder / STUDY, methods=[{"key": MIXED, "bases": BOTH}, *others])
    after = {(r.variant, r.method, r.seed): r for r in planning.load(folder).study_runs("classification")}
    changed = {cell[1] for cell, run in after.items() if run.training != before[cell].training}
    assert changed == {key, MIXED}


def test_what_measures_a_base_is_no_part_of_what_builds_on_it(folder: Path) -> None:
    project.edit(folder / STUDY, variants={"default": {}, "mixed": {"methods": [MIXED]}})
    before = planned(folder, {"bases": BOTH, "only": ["mixed"]})
    trainings = {run.training for run in before.values()}
    project.edit(folder / STUDY, further_metrics=["brier"])
    after = planning.load(folder).study_runs("classification")
    assert {run.training for run in after} == trainings


def test_the_bases_of_a_variant_go_before_the_lines(folder: Path) -> None:
    other = {"accurate": of("label_smoothing"), "robust": of("cross_entropy")}
    variants = {"default": {}, "other": {"methods": [MIXED], "bases": other}}
    runs = planned(folder, {"bases": BOTH}, variants=variants)
    assert runs["other", MIXED, 0].needs == tuple(reversed(runs["default", MIXED, 0].needs))


HOW = "name all as `bases: {name: {study: ..., method: ...}}` in the method's line or its variant"
LINE = f"studies/classification.yaml: default/{MIXED}: "


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, f"{LINE}builds on trained runs by the names accurate, robust, and 'accurate' is missing; {HOW}"),
        (
            {"bases": {"accurate": BOTH["accurate"]}},
            f"{LINE}builds on trained runs by the names accurate, robust, and 'robust' is missing; {HOW}",
        ),
        (
            {"base": BOTH["accurate"]},
            f"{LINE}builds on trained runs by the names accurate, robust, and 'accurate' is missing; {HOW}",
        ),
        ({"bases": {**BOTH, "robsut": BOTH["robust"]}}, "unknown base 'robsut'; did you mean 'robust'?"),
        ({"bases": {**BOTH, "robust": of("label_smothing")}}, "unknown method 'label_smothing'; did you mean"),
        ({"bases": {**BOTH, "robust": of("label_smoothing", variant="x")}}, "unknown variant 'x'"),
        ({"bases": {**BOTH, "robust": of("label_smoothing", study="clasification")}}, "unknown study 'clasification'"),
        ({"bases": {**BOTH, "robust": of(MIXED)}}, "its base builds on it in a circle"),
        ({"bases": BOTH, "base": BOTH["robust"]}, "base and bases exclude each other"),
    ],
)
def test_what_cannot_be_found_is_one_line(folder: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as error:
        planned(folder, entry)
    assert "\n" not in str(error.value)


def test_names_are_for_methods_that_have_some(folder: Path) -> None:
    project.edit(folder / STUDY, methods=[{"key": "cross_entropy", "bases": BOTH}, "label_smoothing"])
    with pytest.raises(UserError, match="method 'cross_entropy': base: the method builds on no run; take the base out"):
        planning.load(folder)
    lines = ["cross_entropy", "label_smoothing", {"key": "distillation", "bases": BOTH}]
    project.edit(folder / STUDY, methods=lines)
    with pytest.raises(UserError, match="default/distillation: builds on a trained run; name it as `base:"):
        planning.load(folder)


def test_every_base_must_fit(folder: Path) -> None:
    """What a method requires of its base it requires of each of them."""
    digits = {"methods": ["label_smoothing"], "dataset": "digits"}
    project.edit(folder / STUDY, variants={"default": {}, "digits": digits})
    bases = {**BOTH, "robust": of("label_smoothing", variant="digits")}
    with pytest.raises(UserError, match=re.escape("base_shape")):
        planned(folder, {"bases": bases, "only": ["default"]})
