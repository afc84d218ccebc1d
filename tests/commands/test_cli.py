"""The command line: bad input is exit code 2, one line on standard error and nothing written."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import files, modalities
from pipeline.commands import entry, stages
from pipeline.planning import data
from pipeline.planning import load as planning
from pipeline.planning.model import Run
from pipeline.training import checkpoint
from tests.kit import project

STUDY = Path("studies/classification.yaml")
RATES = {"learning_rates": [0.01, 0.5], "validation_examples": 64}
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project's data set."""
    folder = project.make(tmp_path_factory.mktemp("data") / "project", data=True)
    return modalities.prepare("fashion_mnist", folder, data.code("fashion_mnist"))


@pytest.fixture
def folder(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project with its data; the working folder of the test."""
    folder = project.make(tmp_path / "project")
    shutil.copytree(prepared, folder / "data/prepared/fashion_mnist")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'no/folder.db'}")
    monkeypatch.setattr("pipeline.tracking.send", lambda run, root: False)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, apart from the empty ones by which jobs take turns."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if path.suffix != ".lock" != path.name}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command that changes nothing is refused."""
    before = contents(Path())
    capsys.readouterr()
    assert entry.run(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.err.startswith("recount: ")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert contents(Path()) == before
    return said.err


def first(study: str = "classification") -> Run:
    return planning.load(only=study).study_runs(study)[0]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["trian"], ["trian"]),
        (["plan", "--jsn"], ["--jsn"]),
        (["plan", "extra"], ["extra"]),
        (["table"], ["STUDY"]),
        (["plan", "--set", "tier"], ["--set 'tier'", "KEY=VALUE"]),
        (["plan", "--set", "tier=["], ["--set tier=[", "not valid YAML"]),
        (["plan", "--set", "tier=smok"], ["unknown tier 'smok'", "did you mean 'smoke'"]),
        (["plan", "--set", "teir=smoke"], ["unknown key 'teir'", "did you mean 'tier'"]),
        (["plan", "--set", "seeds=many"], ["seeds = 'many'", "integer"]),
        (["plan", "--json", "--set", "studies=[odd]"], ["unknown study 'odd'", "did you mean 'ood'"]),
        (["train", "clasification"], ["unknown study 'clasification'", "did you mean 'classification'"]),
        (["train", ""], ["study"]),
        (["train", "runs/classification"], ["runs/classification"]),
        (["train", "runs/clasification/cross_entropy/default-s0-00000000"], ["did you mean 'classification'"]),
        (["train", "runs/classification/cross_entropy/default-s0-00000000"], ["not in the plan"]),
        (["train", "trained/classification/cross_entropy/default-s0-00000000"], ["not in the plan"]),
        (["evaluate", "runs/../../etc/x"], ["unknown study '..'"]),
        (["evaluate", "odd"], ["unknown study 'odd'"]),
        (["table", "odd"], ["unknown study 'odd'", "did you mean 'ood'"]),
        (["table", "ood", "--from", "mlfow"], ["unknown origin of results 'mlfow'", "did you mean 'mlflow'"]),
        (["table", "classification"], ["result.json: missing"]),
        (["claims"], ["result.json: missing"]),
        (["report"], ["result.json: missing"]),
        (["prepare", "fashion_mnits"], ["fashion_mnits", "did you mean 'fashion_mnist'"]),
        (["methods", "simlcr"], ["unknown method 'simlcr'", "did you mean 'simclr'"]),
        (["papers", "label_smothing"], ["unknown paper", "did you mean 'label_smoothing'"]),
        (["search", "classification"], ["studies/classification.yaml", "has no search.smoke"]),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_arguments_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], parts: list[str]
) -> None:
    line = refused(capsys, *arguments)
    assert all(part in line for part in parts), line


def test_help_and_no_arguments_are_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("", "plan", "prepare", "train", "evaluate", "table", "claims", "report", "methods", "papers",
                    "search", "publish", "verify", "replicate", "track", "prune", "doctor", "ui"):  # fmt: skip
        assert entry.run([*command.split(), "--help"]) == 0
        assert "Usage: python -m pipeline" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["bytes", "truncated", "missing", "manifest", "gone"])
def test_corrupt_data_stops_training_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    array = folder / "data/prepared/fashion_mnist/train_images.npy"
    manifest = array.with_name("manifest.json")
    if how == "bytes":
        content = array.read_bytes()
        array.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "truncated":
        array.write_bytes(array.read_bytes()[:1000])
    elif how == "missing":
        array.unlink()
    elif how == "manifest":
        manifest.write_text("{}", encoding="utf-8")
    else:
        manifest.unlink()
    line = refused(capsys, "train", first().path)
    assert (manifest if how in ("manifest", "gone") else array).relative_to(folder).as_posix() in line
    assert "prepare fashion_mnist" in line


def trained(folder: Path) -> Run:
    run = first()
    assert entry.run(["train", run.path]) == 0
    return run


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_train_and_evaluate_write_a_runs_files_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(folder)
    assert names(folder / run.trained) == {WEIGHTS, "history.jsonl", "train.json"}
    assert json.loads((folder / run.trained / "train.json").read_text(encoding="utf-8"))["id"] == run.training
    assert not (folder / run.path).exists()
    before = contents(folder)
    assert entry.run(["train", run.path + "/"]) == entry.run(["train", run.trained]) == 0
    assert contents(folder) == before
    assert entry.run(["evaluate", run.path]) == 0
    result = json.loads((folder / run.path / "result.json").read_text(encoding="utf-8"))
    assert (result["id"], result["status"], result["seed"]) == (run.id, "ok", 0)
    assert result["metrics"].keys() >= {"top1", "nll", "ece", "brier"}
    assert names(folder / run.path) == {WEIGHTS, "history.jsonl", "result.json", "predictions.npz"}
    before = contents(folder)
    assert entry.run(["evaluate", run.path]) == entry.run(["evaluate", run.trained]) == 0
    assert contents(folder) == before
    capsys.readouterr()
    assert entry.run(["plan"]) == 0
    assert f"done      {run.path}" in capsys.readouterr().out


def test_another_metric_is_measured_on_the_weights_that_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(folder)
    assert entry.run(["evaluate", run.path]) == 0
    before = contents(folder)
    project.edit(STUDY, further_metrics=["brier", "nc1"])
    again = first()
    assert (again.trained, again.training) == (run.trained, run.training) and again.path != run.path
    monkeypatch.setattr(stages, "train", lambda *_: pytest.fail("it is trained already"))
    assert entry.run(["train", again.path]) == entry.run(["evaluate", again.path]) == 0
    old, new = (json.loads((folder / each.path / "result.json").read_text(encoding="utf-8")) for each in (run, again))
    assert new["metrics"].keys() - old["metrics"].keys() == {"nc1"}
    assert new["metrics"].items() >= old["metrics"].items()
    after = contents(folder)
    assert {name: after[name] for name in before if name != str(STUDY)} == {
        name: content for name, content in before.items() if name != str(STUDY)
    }
    for name in (WEIGHTS, "history.jsonl"):
        assert len({(folder / place / name).stat().st_ino for place in (run.trained, run.path, again.path)}) == 1


@pytest.mark.parametrize("how", ["truncated", "other model", "missing"])
def test_a_damaged_model_stops_evaluation(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    run = trained(folder)
    model = folder / run.trained / WEIGHTS
    if how == "truncated":
        model.write_bytes(model.read_bytes()[:500])
    elif how == "missing":
        model.unlink()
    else:
        weights = checkpoint.load(model)
        checkpoint.save(model, {**weights, "head.weight": weights["head.weight"][:3]})
    assert f"{run.trained}/{WEIGHTS}" in refused(capsys, "evaluate", run.path)


def test_a_damaged_checkpoint_is_a_warning_and_training_starts_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(folder)
    model = folder / run.trained / WEIGHTS
    straight = model.read_bytes()
    shutil.rmtree(model.parent)
    model.parent.mkdir()
    (model.parent / stages.CHECKPOINT).write_bytes(b"\0" * 100)
    capsys.readouterr()
    assert entry.run(["train", run.path]) == 0
    assert f"warning: {run.trained}/{stages.CHECKPOINT}: corrupt" in capsys.readouterr().err
    assert model.read_bytes() == straight
    assert names(model.parent) == {WEIGHTS, "history.jsonl", "train.json"}


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # and not of its other names
    path.write_bytes(content)


def cut(path: Path) -> None:
    content = path.read_bytes()[:-9]
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
@pytest.mark.parametrize("name", [WEIGHTS, "history.jsonl", "train.json"])
def test_a_damaged_training_stops_what_reads_it_and_is_made_again(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, harm: Any
) -> None:
    run = trained(folder)
    path = folder / run.trained / name
    weights = (folder / run.trained / WEIGHTS).read_bytes()
    harm(path)
    assert f"{run.trained}/{name}: {'missing' if harm is Path.unlink else 'changed'}" in refused(
        capsys, "evaluate", run.path
    )
    if name != "history.jsonl":
        assert f"{run.trained}/{name}" in refused(capsys, "evaluate", first("ood").path)
    assert entry.run(["train", run.path]) == 0
    assert (folder / run.trained / WEIGHTS).read_bytes() == weights
    assert entry.run(["evaluate", run.path]) == 0


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
@pytest.mark.parametrize("name", [WEIGHTS, "history.jsonl", "predictions.npz", "result.json"])
def test_a_damaged_result_is_made_again(folder: Path, name: str, harm: Any) -> None:
    run = trained(folder)
    assert entry.run(["evaluate", run.path]) == 0
    path = folder / run.path
    before, good = contents(path), files.read_sealed(path / "result.json")
    harm(path / name)
    assert not files.sound(path / "result.json", run.id)
    assert entry.run(["evaluate", run.path]) == 0
    after = files.read_sealed(path / "result.json", run.id)
    assert (after["metrics"], after["files"]) == (good["metrics"], good["files"])
    assert {n: c for n, c in contents(path).items() if n != "result.json"} == {
        n: c for n, c in before.items() if n != "result.json"
    }


def test_a_training_of_another_id_is_not_taken_for_this_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, other = planning.load(only="classification").study_runs("classification")[:2]
    for each in (run, other):
        assert entry.run(["train", each.path]) == 0
    shutil.rmtree(folder / run.trained)
    shutil.copytree(folder / other.trained, folder / run.trained)
    assert f"is not the planned '{run.training}'" in refused(capsys, "evaluate", run.path)


def test_a_run_that_scores_another_needs_its_training_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, below = first("ood"), first()
    assert f"{below.trained}/train.json: missing" in refused(capsys, "evaluate", run.path)
    assert entry.run(["train", run.path]) == 0  # nothing to train
    assert not (folder / run.trained).exists()
    trained(folder)
    assert entry.run(["evaluate", run.path]) == 0
    assert not (folder / below.path).exists()
    assert names(folder / run.path) == {"result.json", "predictions.npz"}


def test_what_builds_on_a_diverged_run_fails_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.classifier import Classifier

    plain = Classifier.loss
    monkeypatch.setattr(Classifier, "loss", lambda self, batch: plain(self, batch) * float("nan"))
    below, run = first(), first("ood")
    for command in (["train", below.path], ["evaluate", below.path], ["evaluate", run.path]):
        assert entry.run(command) == 0
    said = capsys.readouterr().err.splitlines()
    assert sum(line.startswith(f"warning: {below.path} is diverged: loss became nan") for line in said) == 2
    assert f"warning: {run.path} is failed: the run it builds on, {below.path}, is diverged" in said
    results = [
        json.loads((folder / path / "result.json").read_text(encoding="utf-8")) for path in (below.path, run.path)
    ]
    assert [(result["status"], result["metrics"]) for result in results] == [("diverged", {}), ("failed", {})]
    assert json.loads((folder / below.path / "history.jsonl").read_text(encoding="utf-8"))["loss"] is None
    assert (folder / run.path / "predictions.npz").exists()


def with_student() -> tuple[Run, Run]:
    """A teacher and its student, of the same study."""
    base = {"study": "classification", "method": "cross_entropy"}
    methods = ["cross_entropy", "label_smoothing", {"key": "distillation", "base": base}]
    noise = {"rate": 0.5, "flips": [[0, 1]]}
    project.edit(STUDY, methods=methods, further_metrics=["top1_best", "memorised", "noise_auroc", "nc1"])
    project.edit(STUDY, budget__smoke__label_noise=noise, budget__smoke__watch=True)
    runs = {run.method: run for run in planning.load().study_runs("classification") if run.seed == 0}
    return runs["cross_entropy"], runs["distillation"]


def test_a_student_waits_for_its_teacher_and_both_record_what_was_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, student = with_student()
    assert f"{teacher.trained}/train.json: missing" in refused(capsys, "train", student.path)
    for path in (teacher.path, student.path):
        assert entry.run(["train", path]) == entry.run(["evaluate", path]) == 0
    found = [json.loads((folder / run.path / "result.json").read_text(encoding="utf-8")) for run in (teacher, student)]
    assert found[0]["data"] == found[1]["data"]
    assert sum(found[0]["data"]["class_counts"]) == 400
    assert found[0]["data"]["label_noise"] == pytest.approx(0.05, abs=0.03)
    rows = [
        json.loads(line)
        for line in (folder / student.trained / "history.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert found[1]["metrics"]["top1_best"] == max(row["test_top1"] for row in rows)
    assert {"memorised", "noise_auroc", "nc1"} <= found[1]["metrics"].keys()
    kept = checkpoint.load(folder / student.trained / WEIGHTS)
    assert not any(name.startswith("teacher") for name in kept)


def test_the_student_of_a_diverged_teacher_is_not_trained(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.classifier import Classifier

    teacher, student = with_student()
    monkeypatch.setattr(Classifier, "loss", lambda self, batch: self.head(self.encoder(batch.views[0])).sum() * np.nan)
    for path in (teacher.path, student.path):
        assert entry.run(["train", path]) == entry.run(["evaluate", path]) == 0
    assert f"{student.path} is failed: the run it builds on, {teacher.path}, is diverged" in capsys.readouterr().err
    result = json.loads((folder / student.path / "result.json").read_text(encoding="utf-8"))
    assert (result["status"], result["metrics"]) == ("failed", {})
    assert (folder / student.path / "history.jsonl").read_text(encoding="utf-8") == ""


WRITTEN = [
    *(("trained", name) for name in (WEIGHTS, "history.jsonl", "train.json")),
    *(("runs", name) for name in (WEIGHTS, "history.jsonl", "predictions.npz", "result.json")),
]
"""A run's files in the order in which they are written."""


@pytest.mark.parametrize("victim", WRITTEN, ids="/".join)
def test_a_full_disk_leaves_no_partial_file_under_its_final_name(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, victim: tuple[str, str]
) -> None:
    run = first()
    places = {"trained": folder / run.trained, "runs": folder / run.path}
    replace = Path.replace

    def full(self: Path, target: Any) -> Path:
        if Path(target).resolve() == places[victim[0]] / victim[1]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return replace(self, target)

    def there() -> list[tuple[str, str]]:
        found = {tree: names(place) if place.exists() else set() for tree, place in places.items()}
        assert sum(map(len, found.values())) == sum(name in found[tree] for tree, name in WRITTEN)
        return [(tree, name) for tree, name in WRITTEN if name in found[tree]]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        codes = [entry.run(["train", run.path])]
        if codes == [0]:
            codes.append(entry.run(["evaluate", run.path]))
    assert codes[-1] == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("recount: ")]
    assert "no space left" in line
    assert there() == WRITTEN[: WRITTEN.index(victim)]
    for command in ("train", "evaluate"):
        assert entry.run([command, run.path]) == 0
    assert there() == WRITTEN


def test_a_search_is_shown_and_its_best_rates_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(STUDY, search={"smoke": RATES})
    assert "make search STUDY=classification" in refused(capsys, "search", "classification")
    for run in planning.load(only="classification_search").study_runs("classification_search"):
        score = run.settings["optimizer"]["learning_rate"] * (1 if run.method == "cross_entropy" else -1)
        files.write_sealed(folder / run.path / "result.json", {"id": run.id, "metrics": {"top1": score}})
    assert entry.run(["search", "classification"]) == 1
    said = capsys.readouterr()
    assert "classification has other rates or settings than the best in 2 places; --write mends that" in said.err
    assert sum("differs" in line for line in said.out.splitlines()) == 2
    # both are best at an end of the range
    assert entry.run(["search", "classification", "--write"]) == 3
    assert "2 more to be tried" in capsys.readouterr().out
    rates = project.read(folder / "studies/classification.rates.yaml")
    ends = {"cross_entropy": (0.5, 25.0), "label_smoothing": (0.01, 0.0002)}
    best = {key: {"learning_rate": rate, "further": [{"learning_rate": more}]} for key, (rate, more) in ends.items()}
    assert rates == {"smoke": {"default": best}}
    assert "make search STUDY=classification" in refused(capsys, "search", "classification")
    assert first().settings["optimizer"]["learning_rate"] == 0.5


def test_a_programs_own_error_is_not_swallowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "_job", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        entry.run(["train", first().path])


def test_the_program_itself_exits_with_2_and_one_line(folder: Path) -> None:
    (folder / "pipeline").symlink_to(project.HERE / "pipeline")
    result = project.call(folder, "python", "-m", "pipeline", "table", "odd")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "recount: unknown study 'odd'; did you mean 'ood'?\n"


def with_mixtures() -> dict[tuple[str, str], Run]:
    """Two classifiers and what is made of both: the ends of a path between them, and a mixture that trains."""
    bases = {name: {"study": "classification", "method": key} for name, key in MIXED_OF.items()}
    adaptive = {"key": "adaptive_smoothing", "bases": bases, "settings": {"steps": 1}}
    lines = [{"key": "mixed_classifier", "bases": bases}, adaptive]
    ends = {f"alpha_{n}": {"methods": ["mixed_classifier"], "settings": {"alpha": float(n)}} for n in (0, 1)}
    project.edit(STUDY, methods=[*MIXED_OF.values(), *lines], variants={"default": {}, **ends})
    project.edit(STUDY, budget__smoke__encoder="narrow_convnet", budget__smoke__epochs=2)
    runs = planning.load().study_runs("classification")
    return {(run.variant, run.method): run for run in runs if run.seed == 0}


MIXED_OF = {"accurate": "cross_entropy", "robust": "label_smoothing"}


def test_a_mixture_waits_for_both_and_its_ends_are_what_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = with_mixtures()
    first, second = (runs["default", key] for key in MIXED_OF.values())
    adaptive = runs["default", "adaptive_smoothing"]
    assert entry.run(["train", first.path]) == 0
    assert f"{second.trained}/train.json: missing" in refused(capsys, "train", adaptive.path)
    found = {}
    for run in (second, *(runs[f"alpha_{n}", "mixed_classifier"] for n in (0, 1)), adaptive, first):
        assert entry.run(["train", run.path]) == entry.run(["evaluate", run.path]) == 0
        found[run.variant, run.method] = json.loads((folder / run.path / "result.json").read_text(encoding="utf-8"))
    for n, key in enumerate(MIXED_OF.values()):
        end, base = found[f"alpha_{n}", "mixed_classifier"], found["default", key]
        assert end["metrics"] == base["metrics"]
        assert end["provenance"]["needs"] == [first.id, second.id]
        assert np.load(folder / runs[f"alpha_{n}", "mixed_classifier"].path / "predictions.npz")[
            "confidence"
        ].tobytes() == (np.load(folder / runs["default", key].path / "predictions.npz")["confidence"].tobytes())
    # weights of the bases lie with their own runs, and are found there
    kept = checkpoint.load(folder / adaptive.trained / WEIGHTS)
    assert kept and all(name.startswith(("network.", "norm.")) for name in kept)
    again = stages.evaluate(adaptive, planning.load(), folder)
    assert again["metrics"] == found["default", "adaptive_smoothing"]["metrics"]


def test_a_mixture_resumes_from_its_checkpoint(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.mixed.adaptive_smoothing import AdaptiveSmoothing

    class Killed(BaseException):
        pass

    runs = with_mixtures()
    run = runs["default", "adaptive_smoothing"]
    for key in MIXED_OF.values():
        assert entry.run(["train", runs["default", key].path]) == 0
    assert entry.run(["train", run.path]) == 0
    straight = (folder / run.trained / WEIGHTS).read_bytes()
    shutil.rmtree(folder / run.trained)
    monkeypatch.setenv("RECOUNT_CHECKPOINT_SECONDS", "0")

    def killing(self: AdaptiveSmoothing, epoch: int) -> None:
        if epoch == 1:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(AdaptiveSmoothing, "start_epoch", killing)
        with pytest.raises(Killed):
            entry.run(["train", run.path])
    assert (folder / run.trained / "checkpoint.safetensors").exists()
    assert entry.run(["train", run.path]) == 0
    assert (folder / run.trained / WEIGHTS).read_bytes() == straight


def test_a_mixture_fails_with_either_base(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.classifier.label_smoothing import LabelSmoothing

    runs = with_mixtures()
    plain = LabelSmoothing.objective
    monkeypatch.setattr(LabelSmoothing, "objective", lambda self, *given: plain(self, *given) * float("nan"))
    for place in (("default", "cross_entropy"), ("default", "label_smoothing"), ("default", "adaptive_smoothing")):
        assert entry.run(["train", runs[place].path]) == 0
    second, run = runs["default", "label_smoothing"], runs["default", "adaptive_smoothing"]
    assert f"{run.path} is failed: the run it builds on, {second.path}, is diverged" in capsys.readouterr().err
