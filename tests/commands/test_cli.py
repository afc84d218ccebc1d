"""The command line: bad input is exit code 2, one line on standard error and nothing written."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from tests.kit import project
import pytest

from pipeline import __main__ as main
from pipeline import files
from pipeline.planning import load as planning
from pipeline.commands import stages
from pipeline.training import checkpoint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project with a made-up data set in place of the prepared one; the working folder of the test."""
    folder = project.make(tmp_path / "project", data=False)
    place = folder / "data/prepared/fashion_mnist"
    place.mkdir(parents=True)
    draw = np.random.default_rng(0)
    entries = {}
    for split, count in (("train", 600), ("test", 300)):
        arrays = {
            "images": draw.integers(0, 256, (count, 1, 28, 28), dtype=np.uint8),
            "labels": np.arange(count, dtype=np.int64) % 10,
        }
        for kind, array in arrays.items():
            path = place / f"{split}_{kind}.npy"
            np.save(path, array)
            entries[path.name] = {"sha256": files.sha256(path), "shape": list(array.shape), "dtype": str(array.dtype)}
    about = {"classes": list("abcdefghij"), "shape": [1, 28, 28], "splits": {"train": 600, "test": 300}}
    files.write_json(place / "manifest.json", {**about, "mean": [0.5], "std": [0.25], "files": entries})
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'no/folder.db'}")
    monkeypatch.setattr("pipeline.tracking.send", lambda run, root: False)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, apart from the empty ones by which jobs take turns."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if path.name != ".lock"}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command that changes nothing is refused."""
    before = contents(Path())
    capsys.readouterr()
    assert main.run(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.err.startswith("recount: ")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert contents(Path()) == before
    return said.err


def first(study: str = "classification") -> planning.Run:
    return planning.load(only=study).study_runs(study)[0]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["trian"], ["trian"]),
        (["plan", "--jsn"], ["--jsn"]),
        (["plan", "extra"], ["extra"]),
        (["table"], ["STUDY"]),
        (["plan", "--set", "tier"], ["--set tier", "KEY=VALUE"]),
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
        (["evaluate", "runs/../../etc/x"], ["unknown study '..'"]),
        (["evaluate", "odd"], ["unknown study 'odd'"]),
        (["table", "odd"], ["unknown study 'odd'", "did you mean 'ood'"]),
        (["table", "ood", "--from", "mlfow"], ["unknown source 'mlfow'", "did you mean 'mlflow'"]),
        (["table", "classification"], ["result.json: missing"]),
        (["claims"], ["result.json: missing"]),
        (["report"], ["result.json: missing"]),
        (["prepare", "fashion_mnits"], ["fashion_mnits", "did you mean 'fashion_mnist'"]),
        (["methods", "simlcr"], ["unknown method 'simlcr'", "did you mean 'simclr'"]),
        (["papers", "label_smothing"], ["unknown paper", "did you mean 'label_smoothing'"]),
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
                    "track", "prune", "doctor", "ui"):  # fmt: skip
        assert main.run([*command.split(), "--help"]) == 0
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
        manifest.write_text("{}")
    else:
        manifest.unlink()
    line = refused(capsys, "train", first().path)
    assert (manifest if how in ("manifest", "gone") else array).relative_to(folder).as_posix() in line
    assert "prepare fashion_mnist" in line


def trained(folder: Path) -> planning.Run:
    run = first()
    assert main.run(["train", run.path]) == 0
    return run


def test_train_and_evaluate_write_a_runs_files_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(folder)
    before = contents(folder)
    assert main.run(["train", run.path + "/"]) == 0
    assert contents(folder) == before
    assert main.run(["evaluate", run.path]) == 0
    result = json.loads((folder / run.path / "result.json").read_text())
    assert (result["id"], result["status"], result["seed"]) == (run.id, "ok", 0)
    before = contents(folder)
    assert main.run(["evaluate", run.path]) == 0
    assert contents(folder) == before
    capsys.readouterr()
    assert main.run(["plan"]) == 0
    assert f"done    {run.path}" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["truncated", "other model", "missing"])
def test_a_damaged_model_stops_evaluation(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    run = trained(folder)
    model = folder / run.path / "model.safetensors"
    if how == "truncated":
        model.write_bytes(model.read_bytes()[:500])
    elif how == "missing":
        model.unlink()
    else:
        weights = checkpoint.load(model)
        checkpoint.save(model, {**weights, "head.weight": weights["head.weight"][:3]})
    assert f"{run.path}/model.safetensors" in refused(capsys, "evaluate", run.path)


def test_a_damaged_checkpoint_stops_training(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = first()
    place = folder / run.path / stages.CHECKPOINT
    place.parent.mkdir(parents=True)
    place.write_bytes(b"\0" * 100)
    assert f"{run.path}/{stages.CHECKPOINT}: corrupt" in refused(capsys, "train", run.path)


def test_damaged_records_stop_what_reads_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(folder)
    record = folder / run.path / "train.json"
    good = record.read_text()
    record.write_text("{")
    assert "train.json: not valid JSON" in refused(capsys, "evaluate", run.path)
    assert "train.json: not valid JSON" in refused(capsys, "train", run.path)
    record.write_text(good)
    assert main.run(["evaluate", run.path]) == 0
    (folder / run.path / "result.json").write_text("[")
    assert "result.json: not valid JSON" in refused(capsys, "evaluate", run.path)


def test_a_post_hoc_run_needs_the_run_below(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, below = first("ood"), first()
    assert f"{below.path}/result.json: missing" in refused(capsys, "evaluate", run.path)
    assert main.run(["train", run.path]) == 0  # nothing to train
    assert not (folder / run.path / "train.json").exists()


def test_what_builds_on_a_diverged_run_fails_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.classifier import Classifier

    plain = Classifier.loss
    monkeypatch.setattr(Classifier, "loss", lambda self, batch: plain(self, batch) * float("nan"))
    below, run = first(), first("ood")
    for command in (["train", below.path], ["evaluate", below.path], ["evaluate", run.path]):
        assert main.run(command) == 0
    said = capsys.readouterr().err.splitlines()
    assert sum(line.startswith(f"warning: {below.path} is diverged: loss became nan") for line in said) == 2
    assert f"warning: {run.path} is failed: the run it builds on, {below.path}, is diverged" in said
    results = [json.loads((folder / path / "result.json").read_text()) for path in (below.path, run.path)]
    assert [(result["status"], result["metrics"]) for result in results] == [("diverged", {}), ("failed", {})]
    assert json.loads((folder / below.path / "history.jsonl").read_text())["loss"] is None
    assert (folder / run.path / "predictions.npz").exists()


def with_student() -> tuple[Any, Any]:
    """A teacher and its student, of the same study."""
    base = {"study": "classification", "method": "cross_entropy"}
    methods = ["cross_entropy", "label_smoothing", {"key": "distillation", "base": base}]
    noise = {"rate": 0.5, "flips": [[0, 1]]}
    project.edit(Path("studies/classification.yaml"), methods=methods)
    project.edit(Path("studies/classification.yaml"), budget__smoke__label_noise=noise, budget__smoke__watch=True)
    runs = {run.method: run for run in planning.load().study_runs("classification") if run.seed == 0}
    return runs["cross_entropy"], runs["distillation"]


def test_a_student_waits_for_its_teacher_and_both_record_what_was_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, student = with_student()
    assert f"{teacher.path}/result.json: missing" in refused(capsys, "train", student.path)
    for path in (teacher.path, student.path):
        assert main.run(["train", path]) == main.run(["evaluate", path]) == 0
    found = [json.loads((folder / run.path / "result.json").read_text()) for run in (teacher, student)]
    assert found[0]["data"] == found[1]["data"]
    assert sum(found[0]["data"]["class_counts"]) == 400
    assert found[0]["data"]["label_noise"] == pytest.approx(0.05, abs=0.03)
    rows = [json.loads(line) for line in (folder / student.path / "history.jsonl").read_text().splitlines()]
    assert found[1]["metrics"]["top1_best"] == max(row["test_top1"] for row in rows)
    assert {"memorised", "noise_auroc", "nc1"} <= found[1]["metrics"].keys()
    kept = checkpoint.load(folder / student.path / "model.safetensors")
    assert not any(name.startswith("teacher") for name in kept)


def test_the_student_of_a_diverged_teacher_is_not_trained(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.methods.classifier import Classifier

    teacher, student = with_student()
    monkeypatch.setattr(Classifier, "loss", lambda self, batch: self.head(self.encoder(batch.views[0])).sum() * np.nan)
    for path in (teacher.path, student.path):
        assert main.run(["train", path]) == main.run(["evaluate", path]) == 0
    assert f"{student.path} is failed: the run it builds on, {teacher.path}, is diverged" in capsys.readouterr().err
    result = json.loads((folder / student.path / "result.json").read_text())
    assert (result["status"], result["metrics"]) == ("failed", {})
    assert (folder / student.path / "history.jsonl").read_text() == ""


WRITERS = ["model.safetensors", "history.jsonl", "train.json", "predictions.npz", "result.json"]


@pytest.mark.parametrize("victim", WRITERS)
def test_a_full_disk_leaves_no_partial_file_under_its_final_name(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    run = first()
    replace = Path.replace

    def full(self: Path, target: Any) -> Path:
        if Path(target).name == victim:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        codes = [main.run(["train", run.path])]
        if codes == [0]:
            codes.append(main.run(["evaluate", run.path]))
    assert codes[-1] == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("recount: ")]
    assert "no space left" in line
    there = {path.name for path in (folder / run.path).iterdir()} - {".lock"}
    assert there == set(WRITERS[: WRITERS.index(victim)])
    for command in ("train", "evaluate"):
        assert main.run([command, run.path]) == 0
    assert {path.name for path in (folder / run.path).iterdir()} - {".lock"} == set(WRITERS)


def test_prune_lists_and_deletes_only_what_the_plan_does_not_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(folder)
    stale = Path("runs/classification/cross_entropy/default-s0-00000000")
    killed = Path("runs/classification/cross_entropy/default-s1-00000000")
    files.write_json(stale / "result.json", {})
    files.write_text(killed / stages.CHECKPOINT, "half")
    capsys.readouterr()
    assert main.run(["prune"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"stale {stale}", f"stale {killed}"]
    assert stale.exists()
    assert main.run(["prune", "--yes"]) == 0
    assert not stale.exists()
    assert not killed.exists()
    assert (folder / run.path / "train.json").exists()


def test_a_programs_own_error_is_not_swallowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "load", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main.run(["train", first().path])


def test_the_program_itself_exits_with_2_and_one_line(folder: Path) -> None:
    (folder / "pipeline").symlink_to(project.HERE / "pipeline")
    result = project.call(folder, "python", "-m", "pipeline", "table", "odd")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "recount: unknown study 'odd'; did you mean 'ood'?\n"
