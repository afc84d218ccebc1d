"""Which edits of the real code change which runs: their training, their evaluation alone, or nothing."""

import json
import shutil
from pathlib import Path

import pytest

from tests.kit import ids, project
from tests.kit.ids import Editor, Ids


def planned(folder: Path, **environment: str) -> Ids:
    """Planned in a process of its own from the folder's own sources."""
    result = project.call(folder, "python", "-m", "pipeline", "plan", "--json", **environment)
    assert result.returncode == 0, result.stderr
    return ids.of(json.loads(result.stdout)["runs"])


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Editor:
    """A whole copy of the project with the tests' studies."""
    return Editor(project.make(tmp_path_factory.mktemp("ids") / "project", code=True, small=False), planned)


CROSS_ENTROPY = "pipeline/methods/classifier/cross_entropy.py"
METHODS = "pipeline/methods/joint_embedding"
IMAGES = "pipeline/modalities/images"
CONVNET, RESNET = f"{IMAGES}/encoders/convnet.py", f"{IMAGES}/encoders/resnet18.py"
METRIC = '''"""How many test examples there are."""

from torch import Tensor

LABEL = "Count"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "higher"


def compute(labels: Tensor) -> float:
    return float(len(labels))
'''
COUNT = ("pipeline/metrics/count.py", "", METRIC)
OFF = "    watch: bool = False\n"
SPARE = "\n\ndef spare(x):\n    return x + 1\n"
UNUSED = [
    *("pipeline/ops/heads.py", "pipeline/ops/similarity.py", f"{IMAGES}/augment.py", "pipeline/modalities/__init__.py"),
    *("pipeline/training/optim.py", "pipeline/training/job.py", "pipeline/budget.py", "pipeline/contract.py"),
    *("pipeline/protocols/supervised/run.py", "pipeline/metrics/ece.py"),
]
NOTHING = {
    **{f"unused function in {file}": (file, "", SPARE) for file in UNUSED},
    "comment": (CROSS_ENTROPY, '    paper = ""', '    # a remark\n\n    paper   =  ""'),
    "docstring": (CROSS_ENTROPY, '"""Maximum likelihood', '"""Utmost likelihood'),
    "layout": (CROSS_ENTROPY, "(logits, labels)", "(\n            logits,\n            labels,\n        )"),
    "note in a family": (f"{METHODS}/__init__.py", "projector: nn.Module", 'projector: nn.Module\n    """g."""'),
    "comment in the loop": ("pipeline/training/loop.py", "    method.train()\n", "    method.train()  # statistics\n"),
    "message": ("pipeline/errors.py", "; known: ", "; there are: "),
    "exhibits": ("pipeline/exhibits/outputs.py", 'FORMATS = ("csv", ', 'FORMATS = ("tsv", '),
    "tracking": ("pipeline/tracking/runs.py", "LIVE_AFTER_SECONDS = 20.0", "LIVE_AFTER_SECONDS = 21.0"),
    "commands": ("pipeline/commands/stages.py", "CHECKPOINT_SECONDS = 10.0", "CHECKPOINT_SECONDS = 11.0"),
    "planning": ("pipeline/planning/check.py", "must be made of", "is to be made of"),
    "metric that no study asks for": COUNT,
    "method that no study has": ("pipeline/methods/robust/gce.py", " / ", " * "),
    "data set that no run reads": (f"{IMAGES}/datasets/svhn.py", "% 10", "% 11"),
    "encoder that no run has": (RESNET, "feature_dim = 512", "feature_dim = 513"),
    "setting that is off": ("pipeline/budget.py", OFF, f"{OFF}    clip: float | None = None\n    zoom: float = 0.0\n"),
}


def test_what_changes_no_number_changes_no_id(edited: Editor) -> None:
    # one plan for all, and one for each only where something did change
    if edited(*NOTHING.values()).results:
        assert [name for name, edit in NOTHING.items() if edited(edit).results] == []
        pytest.fail("together they change ids, alone they do not")


def test_a_setting_that_is_on_is_part_of_the_runs_that_train(edited: Editor) -> None:
    found = edited(("pipeline/budget.py", OFF, f"{OFF}    zoom: float = 0.5\n"))
    assert found.trained_anew == set(edited.before)


def test_a_metric_that_a_study_asks_for_measures_its_runs_anew_and_trains_nothing(edited: Editor) -> None:
    asked = ("studies/classification.yaml", "further_metrics: [brier]", "further_metrics: [brier, count]")
    assert edited(COUNT, asked).measured_anew == edited.within("classification")
    found = edited(("pipeline/metrics/brier.py", "100.0 *", "1.0 *"))
    assert found.measured_anew == edited.within("classification")


def test_what_a_protocol_shows_to_metrics_trains_nothing(edited: Editor) -> None:
    found = edited(("pipeline/protocols/self_supervised/run.py", "len(self.job", "1 + len(self.job"))
    assert found.measured_anew == edited.within("ssl")
    found = edited(("pipeline/training/evidence.py", ".float() for part", ".double() for part"))
    assert found.measured_anew >= edited.within("classification")


def test_how_a_protocol_trains_is_part_of_its_studies_and_of_what_builds_on_them(edited: Editor) -> None:
    own = "def phases(job):\n    return whole(job)"
    found = edited(("pipeline/protocols/supervised/run.py", "phases = whole", own))
    assert found.trained_anew == edited.within("classification") | edited.within("ood")


def test_the_loop_is_part_of_every_run(edited: Editor) -> None:
    found = edited(("pipeline/training/loop.py", "total += loss", "total += 2 * loss"))
    assert found.trained_anew == set(edited.before)


def test_a_method_is_part_of_its_runs_and_of_those_that_build_on_it(edited: Editor) -> None:
    found = edited((CROSS_ENTROPY, "return F.", "return 2 * F.")).trained_anew
    assert found == edited.of("cross_entropy") | edited.within("ood")
    assert {cell[2] for cell in found} >= {"default", "held_out", "near"}


def test_a_method_is_part_of_what_is_derived_from_it(edited: Editor) -> None:
    found = edited((f"{METHODS}/dcl.py", "new_ones(())", "new_ones(1)"))
    assert found.trained_anew == edited.of("dcl", "dclw")
    assert edited((f"{METHODS}/dclw.py", "return 2 -", "return 3 -")).trained_anew == edited.of("dclw")


def importers(module: str) -> set[str]:
    """The methods whose files name the module, or name one that does: by text, not by the planner's own reading."""
    texts = {path: path.read_text(encoding="utf-8") for path in Path("pipeline").rglob("*.py")}
    names, found = {module}, set[Path]()
    while True:
        new = {path for path, text in texts.items() if any(f"{name} import" in text for name in names)} - found
        if not new:
            return {path.stem for path in found if "methods" in path.parts}
        found |= new
        names |= {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in new}


def test_an_operation_is_part_of_its_users(edited: Editor) -> None:
    found = edited(("pipeline/ops/sinkhorn.py", "codes.sum(0)", "codes.mean(0)"))
    assert found.trained_anew == edited.of("swav")
    found = edited(("pipeline/ops/heads.py", "inplace=True", "inplace=False"))
    users = edited.of(*importers("pipeline.ops.heads"))
    assert edited.of("simclr", "byol") <= found.trained_anew < users
    # of the same file, margins need only the class that does not
    assert not found.results & edited.of("arcface", "cosface")


def test_an_encoder_is_part_of_its_runs(edited: Editor) -> None:
    assert edited((CONVNET, "(128, 3, 1, True))", "(129, 3, 1, True))")).trained_anew == set(edited.before)


def test_a_data_set_is_part_of_the_runs_that_read_it(edited: Editor) -> None:
    # the digits that another data set is made with
    found = edited((f"{IMAGES}/datasets/digits.py", "255 / 16", "255 / 17"))
    assert found.trained_anew == {cell for cell in edited.within("ssl") if cell[2] == "background"}
    found = edited((f"{IMAGES}/datasets/fashion_mnist.py", "out = {}", "out = {**{}}"))
    assert found.trained_anew == set(edited.before)


def test_two_processes_plan_the_same_ids(edited: Editor, tmp_path: Path) -> None:
    """Neither the folder nor the order of sets is an input."""
    elsewhere = shutil.copytree(edited.folder, tmp_path / "elsewhere")
    assert planned(elsewhere, PYTHONHASHSEED="7") == edited.before
