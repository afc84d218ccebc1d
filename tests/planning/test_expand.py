"""Runs out of studies: which settings are part of which ids, what builds on what, and what a run is told."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.planning import expand
from pipeline.planning import load as planning
from pipeline.planning.model import Plan, Run
from tests.kit import ids, project
from tests.kit.ids import Editor, Ids

C, O, S = "studies/classification.yaml", "studies/ood.yaml", "studies/ssl.yaml"  # noqa: E741
SGD = {"name": "sgd", "learning_rate": 0.1}


def planned(folder: Path) -> Ids:
    return ids.of(planning.load(folder).to_json()["runs"])


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Editor:
    return Editor(project.make(tmp_path_factory.mktemp("expand") / "project", small=False), planned)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project.make(tmp_path / "project", small=False)


def test_folders_carry_the_ids(folder: Path) -> None:
    runs = planning.load(folder).runs
    for run in runs:
        place = f"{run.study}/{run.method}/{run.variant}-s{run.seed}"
        assert (run.path, run.trained) == (f"runs/{place}-{run.id[:8]}", f"trained/{place}-{run.training[:8]}")
    assert len({run.path for run in runs}) == len({run.trained for run in runs}) == len(runs)


# settings in ids


def test_an_added_seed_leaves_the_other_seeds_ids(edited: Editor) -> None:
    # 2 at this tier; the study built on it needs no more than it has
    found = edited((C, "seeds: 2", "seeds: 3")).trained_anew
    assert {cell[3] for cell in found} == {2}
    assert {cell[0] for cell in found} == {"classification"}


def test_a_changed_budget_leaves_the_other_studies_ids(edited: Editor) -> None:
    smoke = "    optimizer: {name: sgd, learning_rate: 0.05}\n"
    assert edited((S, smoke, smoke.replace("0.05", "0.06"))).trained_anew == edited.within("ssl")
    found = edited((C, smoke, smoke.replace("0.05", "0.06")))
    assert found.trained_anew == edited.within("classification") | edited.within("ood")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (S, "epochs: 200", "epochs: 300"),
        (S, 'title: "', 'title: "New '),
        (S, "figures: [alignment_uniformity, ", "figures: ["),
        ("studies/ssl.rates.yaml", "byol: {learning_rate: 0.002}", "byol: {learning_rate: 0.003}"),
        (C, "{top1: higher, nll: lower, ", "{nll: lower, top1: higher, "),
        (S, "knn_top1: higher, linear_top1_1pct: higher, ", "knn_top1: higher, "),
        (S, "further_metrics: [linear_top1_10pct, ", "further_metrics: ["),
    ],
    ids=["tier", "title", "figures", "rates", "order of metrics", "column of a metric", "further value of a metric"],
)
def test_what_makes_no_result_another_changes_no_id(edited: Editor, file: str, old: str, new: str) -> None:
    assert edited((file, old, new)).results == set()


def test_a_methods_own_setting_changes_its_ids_alone(edited: Editor) -> None:
    found = edited((C, "{key: cosface, settings: {scale: 16.0}}", "cosface"))
    assert found.trained_anew == edited.of("cosface")


def test_settings_that_only_evaluation_reads_train_nothing(edited: Editor) -> None:
    assert edited((S, "iterations: 2000", "iterations: 2001")).measured_anew == edited.within("ssl")
    # what builds on a run reads its weights, and takes over how many test examples there are
    found = edited((C, "test_examples: 300", "test_examples: 301"))
    assert found.measured_anew == edited.within("classification") | edited.within("ood")
    more = edited((O, "smoke: {outliers: [uniform, gaussian]", "smoke: {outliers: [uniform]"))
    assert more.measured_anew == {cell for cell in edited.within("ood") if cell[2] == "default"}


def test_where_epochs_are_watched_training_reads_the_test_split(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project")
    project.edit(folder / C, budget__smoke__watch=True)
    watched = Editor(folder, planned)
    found = watched((C, "test_examples: 300", "test_examples: 301"))
    assert found.trained_anew == set(watched.before)


WILD = {"methods": ["msp", "scone"], "budget__smoke__epochs": 1, "budget__smoke__optimizer": SGD}


def test_of_a_study_of_scores_only_what_trains_has_trainings_settings(folder: Path) -> None:
    project.edit(folder / O, **WILD)
    project.edit(folder / O, budget__smoke__wild={"examples": 40, "outliers": ["permuted"], "outlier_share": 0.5})
    runs = {run.method: run for run in planning.load(folder).study_runs("ood")}
    assert runs["scone"].trains and runs["scone"].settings["wild"]["examples"] == 40
    assert not runs["msp"].trains and not {"epochs", "wild", "optimizer"} & runs["msp"].settings.keys()
    project.edit(folder / O, budget__smoke__epochs=2)
    again = {run.method: run for run in planning.load(folder).study_runs("ood")}
    assert again["msp"].id == runs["msp"].id and again["scone"].training != runs["scone"].training


def test_a_data_set_of_test_outliers_is_read_by_evaluation_alone(folder: Path) -> None:
    project.edit(folder / O, **WILD, budget__smoke__wild={"examples": 40, "outliers": ["kmnist"]})
    before = {run.method: run for run in planning.load(folder).study_runs("ood") if run.variant == "default"}
    assert before["scone"].datasets == before["scone"].trained_on == ("fashion_mnist", "kmnist")
    project.edit(folder / O, budget__smoke__outliers=["uniform", "digits"])
    after = {run.method: run for run in planning.load(folder).study_runs("ood") if run.variant == "default"}
    for method, run in after.items():
        assert run.training == before[method].training and run.id != before[method].id
    assert after["scone"].datasets == ("fashion_mnist", "digits", "kmnist")
    assert after["scone"].trained_on == ("fashion_mnist", "kmnist")
    assert (after["msp"].datasets, after["msp"].trained_on) == (("fashion_mnist", "digits"), ("fashion_mnist",))


def test_off_settings_are_left_out_at_every_depth_and_nothing_else() -> None:
    given = {"a": 0, "b": None, "c": {"d": 0.0, "e": [], "f": False, "g": "x"}, "h": {}, "i": [0, 1], "j": ""}
    assert expand._without_off(given) == {"c": {"g": "x"}, "i": [0, 1]}


# order, variants, tiers


def test_runs_come_in_table_order_and_seeds_are_overridable(folder: Path) -> None:
    plan = planning.load(folder, {"seeds": 1})
    assert {run.seed for run in plan.runs} == {0}
    study = plan.studies["ssl"]
    keys, variants = [entry.key for entry in study.methods], list(study.variants)
    found = [(run.variant, run.method) for run in plan.study_runs("ssl")]
    assert found == sorted(set(found), key=lambda cell: (variants.index(cell[0]), keys.index(cell[1])))
    assert [method for variant, method in found if variant == "default"] == [key for key in keys if key != "sepclr"]
    assert [method for variant, method in found if variant == "background"] == ["simclr", "sepclr"]
    assert {run.id for run in plan.runs} < {run.id for run in planning.load(folder).runs}


def cut(folder: Path, **study: Any) -> Plan:
    """The plan of the self-supervised study with these keys, cut to two methods."""
    cells = {"methods": ["simclr", {"key": "random_encoder", "reference": True}], "variants": {"default": {}}}
    project.write(folder / S, project.read(folder / S) | cells | study)
    (folder / "studies/ssl.rates.yaml").unlink()
    return planning.load(folder, {"studies": ["ssl"]})


def test_a_method_is_part_of_the_variants_it_names(folder: Path) -> None:
    variants = {"default": {}, "other": {"batch_size": 32}}
    plan = cut(folder, methods=["simclr", {"key": "dcl", "only": ["other"]}], variants=variants)
    found = {(run.variant, run.method) for run in plan.runs}
    assert found == {("default", "simclr"), ("other", "simclr"), ("other", "dcl")}


def test_a_variants_settings_go_to_the_methods_that_have_them(folder: Path) -> None:
    project.edit(folder / C, variants={"default": {"settings": {"scale": 5.0}}})
    project.edit(folder / "params.yaml", studies=["classification"])
    found = {run.method: run.settings["method"].get("scale") for run in planning.load(folder).runs}
    assert found["arcface"] == found["cosface"] == 5.0 and found["cross_entropy"] is None


def test_a_methods_own_budget_goes_over_the_variants_and_both_over_the_tiers(folder: Path) -> None:
    entry = {"key": "simclr", "budget": {"batch_size": 16}, "why": "it has to"}
    variants = {"default": {}, "other": {"batch_size": 32, "epochs": 2}}
    plan = cut(folder, methods=[entry, "dcl"], variants=variants)
    found = {(run.variant, run.method): (run.settings["batch_size"], run.settings["epochs"]) for run in plan.runs}
    assert found["default", "simclr"] == (16, 1) and found["other", "simclr"] == (16, 2)
    assert found["default", "dcl"] == (128, 1) and found["other", "dcl"] == (32, 2)


def test_reduced_settings_are_those_of_the_tiers_that_the_study_names(folder: Path) -> None:
    entry = {"key": "simclr", "reduced": {"temperature": 0.3}}
    for reduced, temperature in ((["smoke"], 0.3), (["laptop"], 0.1)):
        plan = cut(project.copy(folder, folder.with_name(f"at-{reduced[0]}")), methods=[entry], reduced=reduced)
        assert {run.settings["method"]["temperature"] for run in plan.runs} == {temperature}


# bases


def test_a_run_may_build_on_its_own_study_which_keeps_its_order(folder: Path) -> None:
    base = {"study": "classification", "method": "cross_entropy"}
    project.edit(folder / C, methods=[{"key": "distillation", "base": base}, "cross_entropy", "label_smoothing"])
    smooth = {"base": {**base, "method": "label_smoothing"}, "methods": ["distillation"]}
    project.edit(folder / C, variants={"default": {}, "smooth": smooth})
    project.edit(folder / "params.yaml", studies=["classification"])
    runs = _by_cell(planning.load(folder))
    order = [("default", "distillation"), ("default", "cross_entropy"), ("default", "label_smoothing")]
    assert [key[:2] for key in runs if key[2] == 0] == [*order, ("smooth", "distillation")]
    for seed in (0, 1):
        for variant, teacher in (("default", "cross_entropy"), ("smooth", "label_smoothing")):
            student = runs[variant, "distillation", seed]
            assert student.needs == (runs["default", teacher, seed].id,)
            assert student.settings["base"]["method"] == teacher
        assert not runs["default", "cross_entropy", seed].needs
    # another teacher makes another student
    other = {"key": "distillation", "base": {**base, "method": "label_smoothing"}}
    project.edit(folder / C, methods=[other, "cross_entropy", "label_smoothing"])
    again = _by_cell(planning.load(folder))
    assert {cell for cell, run in again.items() if run.training != runs[cell].training} == {
        ("default", "distillation", seed) for seed in (0, 1)
    }


def _by_cell(plan: Plan) -> dict[tuple[str, str, int], Run]:
    return {(run.variant, run.method, run.seed): run for run in plan.runs}


def test_the_base_of_a_variant_goes_before_the_methods_and_that_before_the_studys(folder: Path) -> None:
    base = {"study": "classification", "method": "cross_entropy"}
    own = {"key": "msp", "base": {**base, "method": "label_smoothing"}}
    project.edit(folder / O, methods=[own, "max_logit"])
    near = {"outliers": ["uniform"], "base": {**base, "method": "max_sup"}}
    project.edit(folder / O, variants={"default": {}, "near": near})
    found = {
        (run.variant, run.method): run.settings["base"]["method"]
        for run in planning.load(folder, only="ood").study_runs("ood")
    }
    expected = {("default", "msp"): "label_smoothing", ("default", "max_logit"): "cross_entropy"}
    assert found == {**expected, ("near", "msp"): "max_sup", ("near", "max_logit"): "max_sup"}


def test_what_measures_a_run_is_no_part_of_what_builds_on_it(folder: Path) -> None:
    before = planning.load(folder)
    project.edit(folder / C, further_metrics=["brier", "nc1"])
    after = planning.load(folder)
    assert [run.id for run in before.study_runs("ood")] == [run.id for run in after.study_runs("ood")]
    for run in after.study_runs("ood"):
        (need,) = run.needs
        assert after.by_id[need].training and need not in before.by_id
