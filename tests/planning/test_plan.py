"""The plan: what changes an id and what does not, what is refused and how, and that planning stays light."""

import json
import re
from pathlib import Path
from typing import Any

from tests.kit import project
import pytest

from pipeline.planning import code
from pipeline.planning import load as planning
from pipeline.errors import UserError

Cell = tuple[str, str, str, int]


def ids(folder: Path) -> dict[Cell, str]:
    """(study, method, variant, seed) -> id, planned in a process of its own from the folder's own sources."""
    result = project.call(folder, "python", "-m", "pipeline", "plan", "--json")
    assert result.returncode == 0, result.stderr
    runs = json.loads(result.stdout)["runs"]
    return {(run["study"], run["method"], run["variant"], run["seed"]): run["id"] for run in runs}


def changed(before: dict[Cell, str], after: dict[Cell, str]) -> set[Cell]:
    return {cell for cell in before.keys() | after.keys() if before.get(cell) != after.get(cell)}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Cell, str]]:
    """A whole copy of the project, never edited, and its ids."""
    folder = project.make(tmp_path_factory.mktemp("plan") / "project", code=True, small=False)
    return folder, ids(folder)


class Editor:
    """Edits a copy of the sources, tells what changed, and takes the edit back."""

    def __init__(self, folder: Path, before: dict[Cell, str]) -> None:
        self.folder, self.before = folder, before

    def __call__(self, file: str, old: str, new: str) -> set[Cell]:
        path = self.folder / file
        text = path.read_text()
        project.substitute(path, old, new)
        try:
            return changed(self.before, ids(self.folder))
        finally:
            path.write_text(text)

    def where(self, *methods: str, study: str | None = None) -> set[Cell]:
        return {cell for cell in self.before if cell[1] in methods and study in (None, cell[0])}


@pytest.fixture(scope="module")
def edited(original: tuple[Path, dict[Cell, str]]) -> Editor:
    return Editor(*original)


CROSS_ENTROPY = "pipeline/methods/classifier/cross_entropy.py"


def test_two_processes_plan_the_same_ids_and_paths_carry_them(
    original: tuple[Path, dict[Cell, str]], tmp_path: Path
) -> None:
    folder, before = original
    # hash randomisation, another folder and this process's own copy of the code are no inputs
    here = planning.load(project.make(tmp_path / "elsewhere", small=False))
    assert {(r.study, r.method, r.variant, r.seed): r.id for r in here.runs} == before == ids(folder)
    assert all(run.path == f"runs/{run.study}/{run.method}/{run.variant}-s{run.seed}-{run.id[:8]}" for run in here.runs)
    assert len({run.path for run in here.runs}) == len(here.runs)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (CROSS_ENTROPY, '    paper = ""', '    # a remark\n\n    paper   =  ""'),
        (CROSS_ENTROPY, '"""Maximum likelihood', '"""Utmost likelihood'),
        (CROSS_ENTROPY, "(logits, labels)", "(\n            logits,\n            labels,\n        )"),
        ("pipeline/methods/joint_embedding/__init__.py", "projector: nn.Module", 'projector: nn.Module\n    """g."""'),
        ("pipeline/drivers/loop.py", "    method.train()\n", "    method.train()  # batch statistics\n"),
        ("pipeline/errors.py", "; known: ", "; there are: "),
        ("pipeline/exhibits/tables.py", "import csv\n", "import csv\nimport cmath\n"),
        ("pipeline/tracking/runs.py", "LIVE_AFTER_SECONDS = 20.0", "LIVE_AFTER_SECONDS = 21.0"),
    ],
    ids=["comment", "docstring", "layout", "family-note", "driver-comment", "message", "exhibits", "tracking"],
)  # fmt: skip
def test_what_changes_no_number_changes_no_id(edited: Editor, file: str, old: str, new: str) -> None:
    assert edited(file, old, new) == set()


def test_an_arithmetic_edit_changes_the_methods_runs_and_those_that_build_on_it(edited: Editor) -> None:
    found = edited(CROSS_ENTROPY, "F.cross_entropy(logits, labels)", "2 * F.cross_entropy(logits, labels)")
    assert found == edited.where("cross_entropy") | {cell for cell in edited.before if cell[0] == "ood"}
    assert {cell[2] for cell in found} >= {"default", "held_out", "near"}


def importers(module: str) -> set[str]:
    """The methods whose files name the module, or name one that does: by text, not by the planner's own reading."""
    texts = {path: path.read_text() for path in Path("pipeline").rglob("*.py")}
    names, found = {module}, set[Path]()
    while True:
        new = {p for p, text in texts.items() if any(f"{name} import" in text for name in names)} - found
        if not new:
            return {path.stem for path in found if "methods" in path.parts}
        found |= new
        names |= {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in new}


def test_an_edit_of_a_base_class_changes_its_subclasses_alone(edited: Editor) -> None:
    folder = "pipeline/methods/joint_embedding"
    subclasses = importers("pipeline.methods.joint_embedding.simclr")
    assert {"dcl", "dclw", "no_head", "mcl"} <= subclasses and not {"byol", "moco_v2"} & subclasses
    found = edited(f"{folder}/simclr.py", "- positives).mean()", "- positives).sum()")
    assert found == edited.where("simclr", *subclasses)
    assert edited(f"{folder}/dcl.py", "new_ones(())", "new_ones(1)") == edited.where("dcl", "dclw")
    assert edited(f"{folder}/dclw.py", "return 2 -", "return 3 -") == edited.where("dclw")


def test_an_edit_of_an_operation_changes_the_methods_that_import_it(edited: Editor) -> None:
    found = edited("pipeline/ops/sinkhorn.py", "import torch\n", "import torch\nimport cmath\n")
    assert found == edited.where("swav")
    found = edited("pipeline/ops/similarity.py", "import torch\n", "import torch\nimport cmath\n")
    assert found == edited.where(*importers("pipeline.ops.similarity"))


def test_an_edit_of_a_driver_changes_its_studies_and_those_built_on_them(edited: Editor) -> None:
    found = edited("pipeline/drivers/self_supervised.py", "train = fit", "train = fit\nextra = 1")
    assert found == {cell for cell in edited.before if cell[0] == "ssl"}
    found = edited("pipeline/drivers/posthoc.py", "data, method =", "extra = 1\n    data, method =")
    assert found == {cell for cell in edited.before if cell[0] == "ood"}


def test_an_edit_of_an_encoder_changes_its_runs_alone(edited: Editor) -> None:
    assert edited("pipeline/encoders/convnet.py", "8, 32, 64, 64]", "8, 32, 64, 65]") == set(edited.before)
    assert edited("pipeline/encoders/resnet18.py", "self.feature_dim = 512", "self.feature_dim = 513") == set()


def test_a_data_sets_recipe_is_part_of_the_ids_of_the_runs_that_read_it(edited: Editor) -> None:
    found = edited(
        "pipeline/datasets/svhn.py", "from pathlib import Path\n", "import cmath\nfrom pathlib import Path\n"
    )
    assert found == set()  # not at this tier
    found = edited(
        "pipeline/datasets/digits.py", "from pathlib import Path\n", "import cmath\nfrom pathlib import Path\n"
    )
    # the digits that another data set is made with
    assert found == {cell for cell in edited.before if cell[0] == "ssl" and cell[2] == "background"}
    assert edited(
        "pipeline/datasets/fashion_mnist.py", "from pathlib import Path\n", "import cmath\nfrom pathlib import Path\n"
    ) == set(edited.before)


def test_an_added_seed_leaves_the_other_seeds_ids(edited: Editor) -> None:
    # 2 at this tier; the study built on it needs no more than it has
    found = edited("studies/classification.yaml", "seeds: 2", "seeds: 3")
    assert {cell[3] for cell in found} == {2}
    assert {cell[0] for cell in found} == {"classification"}


def test_a_changed_budget_leaves_the_other_studies_ids(edited: Editor) -> None:
    smoke = "    optimizer: {name: sgd, learning_rate: 0.05}\n"
    found = edited("studies/ssl.yaml", smoke, smoke.replace("0.05", "0.06"))
    assert found == {cell for cell in edited.before if cell[0] == "ssl"}
    found = edited("studies/classification.yaml", smoke, smoke.replace("0.05", "0.06"))
    assert found == {cell for cell in edited.before if cell[0] != "ssl"}


def test_a_budget_of_another_tier_and_a_title_change_no_id(edited: Editor) -> None:
    assert edited("studies/ssl.yaml", "epochs: 200", "epochs: 300") == set()
    assert edited("studies/ssl.yaml", 'title: "', 'title: "New ') == set()


def test_a_methods_own_setting_changes_its_ids_alone(edited: Editor) -> None:
    found = edited("studies/classification.yaml", "{key: cosface, settings: {scale: 16.0}}", "cosface")
    assert found == edited.where("cosface")


def test_a_new_setting_that_is_off_changes_no_id_and_one_that_is_on_does(edited: Editor) -> None:
    place = '    precision: Literal["auto", "fp32", "bf16"] = "auto"\n'
    assert (
        edited("pipeline/settings.py", place, place + "    clip: float | None = None\n    zoom: float = 0.0\n") == set()
    )
    trained = {cell for cell in edited.before if cell[0] != "ood"}
    assert edited("pipeline/settings.py", place, place + "    zoom: float = 0.5\n") >= trained


def test_off_settings_are_left_out_at_every_depth_and_nothing_else() -> None:
    given = {"a": 0, "b": None, "c": {"d": 0.0, "e": [], "f": False, "g": "x"}, "h": {}, "i": [0, 1], "j": ""}
    assert planning._without_off(given) == {"c": {"g": "x"}, "i": [0, 1]}


def test_the_plan_as_json_has_what_other_programs_rely_on(tmp_path: Path) -> None:
    plan = planning.load(project.make(tmp_path, small=False))
    content = json.loads(json.dumps(plan.to_json()))
    assert content.keys() >= {"runs", "datasets", "studies", "tier"}
    fields = {"id", "study", "dataset", "method", "variant", "seed", "settings", "path", "needs"}
    assert all(run.keys() >= fields for run in content["runs"])
    known = {run["id"]: run for run in content["runs"]}
    assert all(need in known for run in content["runs"] for need in run["needs"])
    near = [run for run in content["runs"] if run["study"] == "ood" and run["variant"] == "near"]
    assert near
    for run in near:
        (base,) = (known[need] for need in run["needs"])
        assert (base["variant"], base["seed"]) == ("held_out", run["seed"])
        assert run["settings"]["held_out_classes"] == base["settings"]["held_out_classes"] == [5, 7, 9]
    assert [entry["key"] for entry in content["studies"]] == ["ssl", "classification", "ood"]


def test_runs_come_in_table_order_and_seeds_are_overridable(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    plan = planning.load(folder, {"seeds": 1})
    assert {run.seed for run in plan.runs} == {0}
    study = plan.studies["ssl"]
    keys, variants = [entry.key for entry in study.methods], list(study.variants)
    found = [(run.variant, run.method) for run in plan.study_runs("ssl")]
    assert found == sorted(set(found), key=lambda cell: (variants.index(cell[0]), keys.index(cell[1])))
    assert [method for variant, method in found if variant == "default"] == [key for key in keys if key != "sepclr"]
    assert [method for variant, method in found if variant == "background"] == ["simclr", "sepclr"]
    assert all(run in planning.load(folder).runs for run in plan.runs)


def test_one_study_is_planned_with_those_it_builds_on_and_has_the_same_ids(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    alone = planning.load(folder, only="ood")
    assert set(alone.studies) == {"ood", "classification"}
    everything = planning.load(folder)
    assert alone.study_runs("ood") == everything.study_runs("ood")


def test_planning_imports_neither_torch_nor_numpy(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipeline import plan; from pipeline.exhibits import outputs\n"
        "p = plan.load(); outputs.digest(p); [outputs.of_study(s) for s in p.studies.values()]; assert p.runs\n"
        "heavy = {'torch', 'numpy', 'polars', 'matplotlib', 'mlflow', 'torchvision', 'sklearn'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    result = project.call(folder, "python", "-c", code, str(project.HERE))
    assert (result.stdout.strip(), result.returncode) == ("[]", 0), result.stderr


def test_the_projects_own_studies_can_be_planned_at_every_tier_and_searched() -> None:
    for tier in ("smoke", "laptop", "gpu"):
        plan = planning.load(project.HERE, {"tier": tier})
        for run in plan.runs:
            assert all(plan.by_id[need].seed == run.seed for need in run.needs)
    for study in plan.studies.values():
        for tier in study.search:
            searched = planning.load(project.HERE, {"tier": tier}, study.key + "_search").study_runs(
                f"{study.key}_search"
            )
            assert {run.settings["evaluate_on"] for run in searched} == {"validation"}


def test_a_run_may_build_on_its_own_study_which_keeps_its_order(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    base = {"study": "classification", "method": "cross_entropy"}
    project.edit(folder / C, methods=[{"key": "distillation", "base": base}, "cross_entropy", "label_smoothing"])
    smooth = {"base": {**base, "method": "label_smoothing"}, "methods": ["distillation"]}
    project.edit(folder / C, variants={"default": {}, "smooth": smooth})
    project.edit(folder / P, studies=["classification"])
    plan = planning.load(folder)
    runs = {(run.variant, run.method, run.seed): run for run in plan.runs}
    order = [("default", "distillation"), ("default", "cross_entropy"), ("default", "label_smoothing")]
    assert [key[:2] for key in runs if key[2] == 0] == [*order, ("smooth", "distillation")]
    for seed in (0, 1):
        for variant, teacher in (("default", "cross_entropy"), ("smooth", "label_smoothing")):
            student = runs[variant, "distillation", seed]
            assert student.needs == (runs["default", teacher, seed].id,)
            assert student.settings["base"]["method"] == teacher
        assert not runs["default", "cross_entropy", seed].needs
    # another teacher is another run; the teachers stay what they were
    project.edit(folder / C, methods=[{"key": "distillation", "base": base}, "cross_entropy"])
    project.edit(folder / C, variants={"default": {}}, budget__smoke__epochs=3)
    changed = {(run.variant, run.method, run.seed): run for run in planning.load(folder).runs}
    assert changed["default", "distillation", 0].id != runs["default", "distillation", 0].id


def test_a_variants_settings_go_to_the_methods_that_have_them(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    project.edit(folder / C, variants={"default": {"settings": {"scale": 5.0}}})
    project.edit(folder / P, studies=["classification"])
    found = {run.method: run.settings["method"].get("scale") for run in planning.load(folder).runs}
    assert found["arcface"] == found["cosface"] == 5.0 and found["cross_entropy"] is None


def test_of_a_posthoc_study_only_what_trains_has_trainings_settings(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    project.edit(folder / O, **WILD)
    project.edit(folder / O, budget__smoke__wild={"examples": 40, "outliers": ["permuted"], "outlier_share": 0.5})
    runs = {run.method: run for run in planning.load(folder).study_runs("ood")}
    assert runs["scone"].trains and runs["scone"].settings["wild"]["examples"] == 40
    assert not runs["msp"].trains and not {"epochs", "wild", "optimizer"} & runs["msp"].settings.keys()
    project.edit(folder / O, budget__smoke__epochs=2)
    again = {run.method: run for run in planning.load(folder).study_runs("ood")}
    assert again["msp"].id == runs["msp"].id and again["scone"].id != runs["scone"].id


# Bad input. Each case: what is edited, and what the one line must contain: where, the value, the nearest right name.

Edit = tuple[str, dict[str, Any]]
C, O, S, P = "studies/classification.yaml", "studies/ood.yaml", "studies/ssl.yaml", "params.yaml"  # noqa: E741
SGD = {"name": "sgd", "learning_rate": 0.1}
OWN = {"variants": {"default": {}}}
WRONG_BASE = {"key": "cosface", "base": {"study": "ssl", "method": "simclr"}}


def pupil(teacher: str) -> dict[str, Any]:
    return {"key": "distillation", "base": {"study": "classification", "method": teacher}}


def wild(examples: int, **more: Any) -> dict[str, Any]:
    return {**WILD, "budget__smoke__wild": {"examples": examples, **more}}


WILD = {"methods": ["msp", "scone"], "budget__smoke__epochs": 1, "budget__smoke__optimizer": SGD}
BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    (P, {"tier": "laptopp"}, ["unknown tier 'laptopp'", "studies/"]),
    (P, {"tier": 3}, ["params.yaml", "tier = 3", "string"]),
    (P, {"studies": ["ssl", "clasification"]}, ["params.yaml", "'clasification'", "did you mean 'classification'"]),
    (P, {"studies": "ssl"}, ["params.yaml", "studies = 'ssl'", "list"]),
    (P, {"seeds": 0}, ["params.yaml", "seeds = 0", "greater than or equal to 1"]),
    (P, {"tiers": "gpu"}, ["params.yaml", "unknown key 'tiers'", "did you mean 'tier'"]),
    (P, {"overrides": {"sssl": {"epochs": 1}}}, ["params.yaml", "'sssl'", "did you mean 'ssl'"]),
    (P, {"overrides": {"ssl": {"epoch": 1}}}, ["unknown key 'epoch'", "did you mean 'epochs'"]),
    (C, {"driver": "supervized"}, [C, "driver = 'supervized'", "'supervised'"]),
    (C, {"drivers": "supervised"}, [C, "unknown key 'drivers'", "did you mean 'driver'"]),
    (C, {"dataset": "fashion_mnits"}, ["'fashion_mnits'", "did you mean 'fashion_mnist'", C]),
    (C, {"baseline": "cross_entropi"}, [C, "baseline", "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (C, {"metrics__top1": "up"}, [C, "metrics.top1 = 'up'", "'higher' or 'lower'"]),
    (C, {"metrics": {}}, [C, "metrics = {}"]),
    (C, {"methods": ["cross_entropy", "label_smothing"]}, [C, "'label_smothing'", "did you mean 'label_smoothing'"]),
    (C, {"methods": ["cross_entropy", "cross_entropy"]}, [C, "'cross_entropy' is listed twice"]),
    (C, {"methods": ["cross_entropy", "simclr"]}, [C, "'simclr'", "self_supervised", "supervised"]),
    (C, {"methods": []}, [C, "methods = []"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "budget": {"epochs": 2}}]}, [C, "must say why"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "setting": {}}]}, [C, "methods.1", "did you mean 'settings'"]),
    (C, {"methods": ["cross_entropy", {"key": "cosface", "settings": {"scael": 8.0}}]},
        [C, "setting of method 'cosface' 'scael'", "did you mean 'scale'"]),
    (C, {"methods": ["cross_entropy", {"key": "cosface", "settings": {"scale": "8"}}]},
        [C, "cosface.scale = '8'", "expected float, found str"]),
    (C, {"methods": ["cross_entropy", {"key": "label_smoothing", "settings": {"alpha": -0.1}}]},
        [C, "label_smoothing.alpha = -0.1", "from 0"]),
    (C, {"methods": ["cross_entropy", {"key": "label_smoothing", "settings": {"alpha": float("nan")}}]},
        [C, "label_smoothing.alpha = nan", "from 0"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "budget": {"epoch": 2}, "why": "x"}]},
        [C, "max_sup", "unknown key 'epoch'", "did you mean 'epochs'"]),
    (C, {"budget__smoke__epoch": 3}, [C, "unknown key 'epoch'", "did you mean 'epochs'"]),
    (C, {"budget__smoke__epochs": "three"}, [C, "epochs = 'three'", "integer"]),
    (C, {"budget__smoke__epochs": 1.5}, [C, "epochs = 1.5", "integer"]),
    (C, {"budget__smoke__epochs": -1}, [C, "epochs = -1", "greater than or equal to 0"]),
    (C, {"budget__smoke__encoder": "convnett"}, [C, "'convnett'", "did you mean 'convnet'"]),
    (C, {"budget__smoke__batch_size": 0}, [C, "batch_size = 0"]),
    (C, {"budget__smoke__batch_size": True}, [C, "batch_size = True", "integer"]),
    (C, {"budget__smoke__batch_size": 10000}, [C, "batch_size = 10000", "training examples"]),
    (C, {"budget__smoke__train_examples": 10**6}, [C, "train_examples = 1000000", "'fashion_mnist' has"]),
    (C, {"budget__smoke__test_examples": 10**6}, [C, "test_examples = 1000000", "'fashion_mnist' has"]),
    (C, {"budget__smoke__validation_examples": 600}, [C, "validation_examples = 600", "fewer than the 600"]),
    (C, {"budget__smoke__optimizer": {**SGD, "name": "adam"}}, [C, "optimizer.name = 'adam'", "'adamw'"]),
    (C, {"budget__smoke__optimizer": {**SGD, "momentun": 0.9}}, [C, "'optimizer.momentun'", "did you mean 'momentum'"]),
    (C, {"budget__smoke__optimizer": {"name": "sgd"}}, [C, "'optimizer.learning_rate' is missing"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": 0.0}}, [C, "optimizer.learning_rate = 0.0"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": float("inf")}}, [C, "optimizer.learning_rate = inf"]),
    (C, {"budget__smoke__schedule": {"name": "cosin"}}, [C, "schedule.name = 'cosin'", "'cosine'"]),
    (C, {"budget__smoke__schedule": {"warmup": 1.5}}, [C, "schedule.warmup = 1.5", "less than or equal to 1"]),
    (C, {"budget__smoke__augmentation": {"flips": 0.5}}, [C, "'augmentation.flips'", "did you mean 'flip'"]),
    (C, {"budget__smoke__augmentation": {"crop_scale": [1.0, 0.3]}}, [C, "augmentation.crop_scale = [1.0, 0.3]"]),
    (C, {"budget__smoke": None}, [C, "budget.smoke = None"]),
    (C, {"base": {"study": "ssl", "method": "simclr"}}, [C, "base", "builds on"]),
    (C, {"variants": {"default": None}}, [C, "variants.default = None"]),
    (C, {"variants": {}}, [C, "variants = {}"]),
    (C, {"variants": {"Big-Batch": {}}}, [C, "'Big-Batch'", "small letters"]),
    (C, {"variants": {"default": {"method": ["max_sup"]}}}, [C, "default", "'method'", "did you mean"]),
    (C, {"variants": {"default": {"methods": ["maxsup"]}}}, [C, "variants.default.methods", "did you mean 'max_sup'"]),
    (C, {"variants": {"default": {"held_out_classes": [10]}}}, [C, "held_out_classes = [10]", "classes 0 to 9"]),
    (C, {"variants": {"default": {"held_out_classes": list(range(9))}}}, [C, "fewer than two classes"]),
    (C, {"figures": ["reliabilty"]}, [C, "figure 'reliabilty'", "did you mean 'reliability'"]),
    (O, {"base": None}, [O, "default/msp", "`base: "]),
    (O, {"base__study": "clasification"}, [O, "'clasification'", "did you mean 'classification'"]),
    (O, {"base__study": "ood"}, [O, "method 'cross_entropy'", "msp"]),
    (O, {"base__method": "cross_entropi"}, [O, "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (O, {"base__method": "max_sup", "variants__near__base__method": "max_sup"}, [O, "method 'max_sup'"]),
    (O, {"variants__near__base__variant": "heldout"}, [O, "variant 'heldout'", "did you mean 'held_out'"]),
    (O, {"budget__smoke__seeds": 3}, [O, "seeds = 3", "'classification'", "has 2"]),
    (O, {"budget__smoke__outliers": ["unifrom"]}, [O, "outliers 'unifrom'", "did you mean 'uniform'"]),
    (O, {"budget__smoke__outliers": ["held_out"]}, [O, "'held_out'", "held_out_classes"]),
    (O, {"budget__smoke__validation_outliers": ["meen"]}, [O, "'meen'", "did you mean 'mean'"]),
    (O, {"budget__smoke__encoder": "convnet"}, [O, "'encoder' is the base run's"]),
    (O, {"budget__smoke__epochs": 1, "methods": ["msp"]}, [O, "unknown key 'epochs'"]),
    (C, {"budget__smoke__label_noise": {"rate": 1.5}}, [C, "label_noise.rate = 1.5", "less than or equal to 1"]),
    (C, {"budget__smoke__label_noise": {"rate": 0.4, "flips": [[3, 3]]}}, [C, "label_noise", "one other class"]),
    (C, {"budget__smoke__label_noise": {"rate": 0.4, "flips": [[0, 10]]}}, [C, "flips = [0, 10]", "class 10"]),
    (C, {"variants__default": {"settings": {"scle": 3.0}}}, [C, "variants.default", "'scle'", "did you mean 'scale'"]),
    (C, {"methods": ["cross_entropy", WRONG_BASE]}, [C, "'cosface'", "base", "builds on no run"]),
    (C, {"methods": ["cross_entropy", "dr_tune"], "variants": {"default": {}}}, [C, "default/dr_tune", "`base: "]),
    (C, {**OWN, "methods": ["cross_entropy", pupil("cross_entropi")]}, [C, "did you mean 'cross_entropy'"]),
    (C, {**OWN, "methods": ["cross_entropy", pupil("distillation")]}, [C, "default/distillation", "circle"]),
    (C, {"variants__default": {"base": WRONG_BASE["base"]}}, [C, "variants.default", "base", "builds on"]),
    (O, wild(10, outliers=["uniform"]), [O, "wild.outliers = uniform", "tested"]),
    (O, wild(20000, outliers=["permuted"], outlier_share=0.5), [O, "wild.examples = 20000", "9400"]),
    (O, wild(10, outliers=["permutated"]), [O, "'permutated'", "did you mean 'permuted'"]),
    (O, wild(10, outlier_share=0.7, shifted_share=0.7), [O, "wild", "exceed 1"]),
    (S, {"budget__smoke__probe": {"l2": -1.0}}, [S, "probe.l2 = -1.0"]),
    (S, {"budget__smoke__dataset": "image_folder"}, ["image_folder"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "changes", "parts"), BAD, ids=[f"{Path(f).stem}-{c}"[:60] for f, c, _ in BAD])
def test_bad_input_is_one_line_that_names_key_value_and_remedy(
    tmp_path: Path, file: str, changes: dict[str, Any], parts: list[str]
) -> None:
    folder = project.make(tmp_path, small=False)
    if "method 'max_sup'" in parts:  # known, but not a method of that variant of the base study
        project.edit(folder / C, variants__default={"methods": ["cross_entropy"]})
    project.edit(folder / file, **changes)
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        (P, None, ["params.yaml", "missing"]),
        (P, "tier: [", ["params.yaml line ", "not valid YAML"]),
        (P, "- ssl", ["params.yaml", "mapping", "list"]),
        (P, "", ["params.yaml", "mapping"]),
        (C, "title: a: b", ["classification.yaml line 1", "not valid YAML"]),
        (C, b"title: \xff\xfe", ["classification.yaml", "not valid YAML"]),
    ],
)
def test_files_that_are_no_yaml_mapping(tmp_path: Path, file: str, text: str | bytes | None, parts: list[str]) -> None:
    folder = project.make(tmp_path, small=False)
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    assert len(str(caught.value).splitlines()) == 1
    assert all(part in str(caught.value) for part in parts), caught.value


def test_a_study_asked_for_by_name_must_be_there(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    with pytest.raises(UserError, match="unknown study 'odd'; did you mean 'ood'"):
        planning.load(folder, only="odd")
    with pytest.raises(UserError, match="unknown study 'odd'; did you mean 'ood'"):
        planning.load(folder).study_runs("odd")


def test_no_study_has_the_name_of_a_rule(tmp_path: Path) -> None:
    rules = set(re.findall(r"^rule (\w+):", Path("Snakefile").read_text(), re.MULTILINE))
    assert rules == planning.RULES
    folder = project.make(tmp_path, small=False)
    (folder / C).rename(folder / "studies/report.yaml")
    with pytest.raises(UserError, match=r"studies/report.yaml: 'report' is a rule of the Snakefile"):
        planning.load(folder, {"studies": ["report"]})


# Bad method files. They need sources of their own, hence processes of their own.


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        ("margin_softmax/max_sup.py", '"""Again."""', ["'max_sup'", "classifier.max_sup", "margin_softmax.max_sup"]),
        (
            "classifier/broken.py",
            "class Broken(Classifier:\n    pass",
            ["broken.py line 1", "not valid Python"],
        ),
        ("classifier/broken.py", '"""Nothing."""', ["broken.py", "`paper`", "found 0"]),
        (
            "classifier/broken.py",
            "from pipeline.contract import Method\nclass A(Method):\n    paper = ''\n",
            ["broken.py", "class A", "`driver`"],
        ),
        (
            "classifier/broken.py",
            "from pipeline.methods.classifier import Classifier\nclass A(Classifier):\n    paper = ''\n"
            "    s: float = setting(2.0, low=0.0, high=1.0)\n",
            ["broken.py", "default of setting s = 2.0", "from 0 to 1"],
        ),
        (
            "classifier/broken.py",
            "from pipeline.methods.classifier import Classifier\nclass A(Classifier):\n    paper = ''\n"
            "    s: float = setting(X)\n",
            ["broken.py", "setting s", "literal"],
        ),
        (
            "classifier/broken.py",
            "from pipeline.methods.classifier import Classifier\nclass A(Classifier):\n    paper = ''\n"
            "    s: list = setting([])\n",
            ["broken.py", "setting s", "int, float, bool or str"],
        ),
    ],
    ids=["twice", "syntax", "no-class", "no-driver", "default", "not-literal", "kind"],
)
def test_bad_method_files_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, text: str, parts: list[str]
) -> None:
    caches = (code.method, code.method_modules, code.tree)
    folder = project.make(tmp_path, code=True)
    path = folder / "pipeline/methods" / file
    path.write_text(text)
    monkeypatch.setattr(source, "PACKAGE", folder / "pipeline")
    for cache in caches:
        cache.cache_clear()
    try:
        with pytest.raises(UserError) as caught:
            code.method(path.stem)
    finally:
        for cache in caches:
            cache.cache_clear()
    assert len(str(caught.value).splitlines()) == 1
    assert all(part in str(caught.value) for part in parts), caught.value


RATES = {"learning_rates": [0.01, 0.5], "validation_examples": 64}


def planned(tmp_path: Path, **study: Any) -> planning.Plan:
    """The plan of a study with these keys over the project's self-supervised one, cut to two methods."""
    folder = project.make(tmp_path / "project", small=False)
    written = project.read(folder / "studies/ssl.yaml")
    written |= {"methods": ["simclr", {"key": "random_encoder", "reference": True}], "variants": {"default": {}}}
    project.write(folder / "studies/ssl.yaml", written | {"search": {"smoke": RATES}} | study)
    return planning.load(folder, {"studies": ["ssl", "ssl_search"]})


def test_a_search_tries_every_rate_for_every_method_that_trains_and_sees_no_test_image(tmp_path: Path) -> None:
    entry = {"key": "dcl", "only": ["other"], "learning_rate": {"smoke": 0.5}}
    variants = {"default": {}, "other": {"batch_size": 32, "methods": ["simclr", "dcl"]}}
    plan = planned(tmp_path, methods=["simclr", entry, "random_encoder"], variants=variants)
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
    plan = planned(tmp_path, methods=[{"key": "simclr", "learning_rate": {"smoke": 0.25, "gpu": 0.75}}, "dcl"])
    rates = {run.method: run.settings["optimizer"]["learning_rate"] for run in plan.study_runs("ssl")}
    assert rates == {"simclr": 0.25, "dcl": 0.05}


def test_a_method_is_part_of_the_variants_it_names(tmp_path: Path) -> None:
    variants = {"default": {}, "other": {"batch_size": 32}}
    plan = planned(tmp_path, methods=["simclr", {"key": "dcl", "only": ["other"]}], variants=variants)
    found = {(run.variant, run.method) for run in plan.study_runs("ssl")}
    assert found == {("default", "simclr"), ("other", "simclr"), ("other", "dcl")}


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"methods": ["simclr", {"key": "dcl", "only": ["othr"]}]}, "only: unknown variant 'othr'"),
        ({"methods": [{"key": "simclr", "learning_rate": {"smok": 0.1}}]}, "did you mean 'smoke'"),
        ({"search": {}}, "studies/ssl.yaml: has no search.smoke"),
        (
            {"search": {"smoke": {"learning_rates": [0.1], "validation_examples": 9}}},
            "search.smoke.learning_rates = [0.1]",
        ),
    ],
)
def test_bad_searches_are_one_line(tmp_path: Path, study: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(tmp_path, **study)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_search_found_is_compared_with_what_the_study_states(tmp_path: Path) -> None:
    from pipeline import search
    from pipeline.files import write_json

    entry = {"key": "dcl", "learning_rate": {"smoke": 0.01}}
    plan = planned(tmp_path, methods=["simclr", entry], search={"smoke": {**RATES, "seeds": 2}})
    with pytest.raises(UserError, match="make search STUDY=ssl"):
        search.choices(plan, "ssl", tmp_path)
    scores = {("simclr", 0.01): [50, 60], ("simclr", 0.5): [54, 56], ("dcl", 0.01): [30, 31], ("dcl", 0.5): [40, None]}
    for run in plan.study_runs("ssl_search"):
        score = scores[run.method, search.rate_of(run)][run.seed]
        metrics = {} if score is None else {"linear_top1": score}
        write_json(tmp_path / run.path / "result.json", {"id": run.id, "metrics": metrics})
    simclr, dcl = search.choices(plan, "ssl", tmp_path)
    assert (simclr.method, simclr.scores, simclr.best, simclr.stated) == ("simclr", {0.01: 55, 0.5: 55}, 0.01, 0.05)
    # a rate that lost a seed is not chosen
    assert (dcl.method, dcl.scores, dcl.best, dcl.stated) == ("dcl", {0.01: 30.5, 0.5: None}, 0.01, 0.01)
