"""Snakemake and DVC, end to end on a small project: what runs, what does not, and what survives a kill.

One finished project is made once for all test processes; tests work on copies of it.
"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.kit import project
import pytest
from filelock import FileLock

from pipeline.planning import load as planning
from pipeline.exhibits import outputs

SNAKEMAKE = ("snakemake", "--cores", "2")
SMOOTHING = "pipeline/methods/classifier/label_smoothing.py"
EXHIBITS = ("results/tables/classification.csv", "results/tables/ood.csv", "results/claims.csv")


def raw(folder: Path) -> Path:
    """The small project before anything has run."""
    project.make(folder, code=True, data=True)
    project.cut_dvc(folder)
    project.commit(folder)
    return folder


def ran(folder: Path, *command: str, **more: str) -> str:
    """Standard output and error of a command that succeeds."""
    result = project.call(folder, *command, **more)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """What `snakemake` leaves of the small project. Not to be changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            building = raw(folder.with_name("building"))
            ran(building, *SNAKEMAKE)
            building.rename(folder)
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return project.copy(finished, tmp_path / "project")


@pytest.fixture
def data_only(finished: Path, tmp_path: Path) -> Path:
    """The small project with its data prepared and nothing trained."""
    folder = raw(tmp_path / "project")
    shutil.copytree(finished / "data/prepared", folder / "data/prepared")
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in EXHIBITS}


def runs(folder: Path) -> dict[tuple[str, str, str], dict[str, float]]:
    """(study, method, folder name) -> file -> time of its last change, of finished runs."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for result in folder.glob("runs/*/*/*/result.json"):
        times = {path.name: path.stat().st_mtime_ns for path in result.parent.iterdir() if path.name[0] != "."}
        found[result.parts[-4], result.parts[-3], result.parts[-2]] = times
    return found


def new(before: dict[tuple[str, str, str], object], after: dict[tuple[str, str, str], object]) -> list[str]:
    """The runs that are there after and were not before; those that were are untouched."""
    assert {key: after.get(key) for key in before} == before
    return sorted(f"{study}/{method}/{name[:-9]}" for study, method, name in after.keys() - before.keys())


def rows(folder: Path, study: str) -> list[dict[str, str]]:
    with (folder / f"results/tables/{study}.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_snakemake_makes_everything_that_the_plan_promises(finished: Path) -> None:
    plan = planning.load(finished)
    assert len(plan.runs) == 6
    for run in plan.runs:
        result = json.loads((finished / run.path / "result.json").read_text())
        assert (result["id"], result["status"]) == (run.id, "ok")
        names = {path.name for path in (finished / run.path).iterdir() if path.name[0] != "."}
        trained = {"model.safetensors", "history.jsonl", "train.json"} if run.trains else set()
        assert names == {"result.json", "predictions.npz", *trained}
    for study in plan.studies.values():
        assert all((finished / path).is_file() for path in outputs.of_study(study))
        assert {row["status"] for row in rows(finished, study.key)} == {"ok"}
    assert (finished / "results/report.html").is_file()


def test_dvc_adopts_what_snakemake_made_and_runs_what_an_edit_or_a_seed_asks_for(copied: Path) -> None:
    before, exhibits = runs(copied), bytes_of(copied)
    ran(copied, "dvc", "repro", "-q")
    assert runs(copied) == before
    assert bytes_of(copied) == exhibits
    # a comment: only `plan` is looked at again
    project.substitute(copied / SMOOTHING, '    paper = "', '    # a remark\n    paper = "')
    assert re.findall(r"Running stage '(.+)'", ran(copied, "dvc", "repro")) == ["plan"]
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha", "label_smoothing=self.alpha / 2")
    project.edit(copied / "studies/classification.yaml", budget__smoke__seeds=3)
    ran(copied, "dvc", "repro", "-q", "evaluate@classification")
    expected = ["cross_entropy/default-s2", *(f"label_smoothing/default-s{seed}" for seed in range(3))]
    assert new(before, runs(copied)) == [f"classification/{name}" for name in expected]


def test_dvc_alone_makes_the_same_bytes(finished: Path, data_only: Path) -> None:
    ran(data_only, "dvc", "repro", "-q")
    assert bytes_of(data_only) == bytes_of(finished)
    assert "top1" in ran(data_only, "dvc", "metrics", "show", "--json")


def test_snakemake_does_nothing_twice_and_runs_what_an_edit_or_a_seed_asks_for(copied: Path) -> None:
    before = runs(copied)
    metrics = (*SNAKEMAKE, "results/metrics/classification.json", "results/metrics/ood.json")
    project.substitute(copied / SMOOTHING, '    paper = "', '    # a remark\n    paper = "')
    ran(copied, "python", "-m", "pipeline", "prepare")  # data that are newer, but the same
    assert "Nothing to be done" in ran(copied, *SNAKEMAKE)
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha", "label_smoothing=self.alpha / 2")
    ran(copied, *metrics)
    assert new(before, runs(copied)) == [f"classification/label_smoothing/default-s{seed}" for seed in (0, 1)]
    before = runs(copied)
    project.edit(copied / "studies/classification.yaml", budget__smoke__seeds=3)
    ran(copied, *metrics)
    expected = [f"classification/{method}/default-s2" for method in ("cross_entropy", "label_smoothing")]
    assert new(before, runs(copied)) == expected
    # back to what was: the results are still there
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha / 2", "label_smoothing=self.alpha")
    project.edit(copied / "studies/classification.yaml", budget__smoke__seeds=2)
    before = runs(copied)
    ran(copied, *SNAKEMAKE, "results/claims.csv")
    assert new(before, runs(copied)) == []


def until(condition: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(folder: Path, *command: str, **more: str) -> "subprocess.Popen[str]":
    environment = project.environment(**more)
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def training_in(folder: Path) -> list[int]:
    """Process ids of `python -m pipeline train` called in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[1:4] == [b"-m", b"pipeline", b"train"] and (process / "cwd").resolve() == folder.resolve():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_what_was_killed_goes_on_where_it_was(finished: Path, data_only: Path) -> None:
    engine = started(data_only, *SNAKEMAKE)
    until(lambda: training_in(data_only), engine)
    os.kill(training_in(data_only)[0], signal.SIGKILL)
    # one run has failed; the others go on
    until(lambda: len(runs(data_only)) >= 2, engine)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    assert not (data_only / "results/report.html").exists()
    done = {key: times["model.safetensors"] for key, times in runs(data_only).items() if key[0] == "classification"}
    ran(data_only, *SNAKEMAKE, "classification", "ood", "results/claims.csv")
    again = runs(data_only)
    assert {key: again[key]["model.safetensors"] for key in done} == done
    assert bytes_of(data_only) == bytes_of(finished)


def test_a_killed_run_resumes_from_its_checkpoint_to_the_same_weights(data_only: Path, tmp_path: Path) -> None:
    longer = ("--set", "overrides={classification: {epochs: 8}}")
    run = planning.load(data_only, {"overrides": {"classification": {"epochs": 8}}}).study_runs("classification")[0]
    other = project.copy(data_only, tmp_path / "other")
    command = ("python", "-m", "pipeline", "train", run.path, *longer)
    killed = started(data_only, *command, RECOUNT_CHECKPOINT_SECONDS="0")
    until(lambda: (data_only / run.path / "checkpoint.safetensors").exists(), killed)
    killed.send_signal(signal.SIGKILL)
    output = killed.communicate()[0]
    assert not (data_only / run.path / "train.json").exists()
    resumed = ran(data_only, *command)
    straight = ran(other, *command)
    lines = [re.findall(r"epoch (\d+)/8", text) for text in (output, resumed, straight)]
    assert lines[2] == [str(epoch) for epoch in range(1, 9)]
    assert lines[1][-1] == "8"
    assert 1 < int(lines[1][0]) <= len(lines[0]) + 1
    weights = [(folder / run.path / "model.safetensors").read_bytes() for folder in (data_only, other)]
    assert weights[0] == weights[1]
    assert not (data_only / run.path / "checkpoint.safetensors").exists()


DIVERGES = '''"""It does not work."""

from pipeline.contract import Tensor
from pipeline.methods.classifier import Classifier


class Diverges(Classifier):
    paper = ""

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return logits.sum() * float("nan")
'''


def test_a_diverged_run_spoils_no_other_and_is_said(copied: Path) -> None:
    before = runs(copied)
    exhibits = bytes_of(copied)
    (copied / "pipeline/methods/classifier/diverges.py").write_text(DIVERGES)
    study = copied / "studies/classification.yaml"
    project.edit(study, methods=[*project.read(study)["methods"], "diverges"])
    base = {"study": "classification", "method": "diverges"}
    project.edit(copied / "studies/ood.yaml", variants={"default": {}, "broken": {"base": base, "methods": ["msp"]}})
    said = ran(copied, *SNAKEMAKE)
    made = new(before, runs(copied))
    assert made == [f"{name}-s{n}" for name in ("classification/diverges/default", "ood/msp/broken") for n in (0, 1)]
    for path in copied.glob("runs/ood/*/*/result.json"):
        result = json.loads(path.read_text())
        assert result["status"] == ("failed" if result["variant"] == "broken" else "ok")
        if result["variant"] == "broken":
            assert re.search(r"it builds on, runs/classification/diverges/.+ is diverged", result["reason"])
            assert result["metrics"] == {}
    statuses = {(row["method"], row["status"]) for row in rows(copied, "classification")}
    assert statuses == {("cross_entropy", "ok"), ("label_smoothing", "ok"), ("diverges", "diverged")}
    assert {row["status"] for row in rows(copied, "ood") if row["variant"] == "broken"} == {"failed"}
    assert len(re.findall(r"warning: runs/classification/diverges/\S+ is diverged: loss became nan", said)) >= 2
    # what was there before is there still, to the digit
    kept = exhibits["results/tables/classification.csv"].decode().splitlines()
    assert set(kept) <= set((copied / "results/tables/classification.csv").read_text().splitlines())


def test_the_tracking_store_alone_gives_the_same_tables(copied: Path) -> None:
    exhibits = bytes_of(copied)
    (copied / "runs").rename(copied / "elsewhere")
    shutil.rmtree(copied / "results")
    for study in ("classification", "ood"):
        ran(copied, "python", "-m", "pipeline", "table", study, "--from", "mlflow")
        assert (copied / f"results/tables/{study}.csv").read_bytes() == exhibits[f"results/tables/{study}.csv"]


def test_bad_input_stops_snakemake_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", code=True)
    project.edit(folder / "studies/ood.yaml", baseline="mps")
    result = project.call(folder, *SNAKEMAKE)
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("recount: ")]
    assert "unknown method 'mps'; did you mean 'msp'" in line
    assert "Traceback" not in result.stderr
    assert not (folder / "runs").exists()


def test_the_gpu_tier_is_planned_by_both_views(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", code=True, small=False, studies=project.HERE / "studies")
    said = ran(folder, *SNAKEMAKE, "-n", "--config", "tier=gpu")
    plan = planning.load(folder, {"tier": "gpu"})
    trained = sum(run.trains for run in plan.runs)
    assert re.search(rf"^train +{trained}$", said, re.MULTILINE)
    assert re.search(rf"^evaluate +{len(plan.runs)}$", said, re.MULTILINE)
    ran(folder, "python", "-m", "pipeline", "plan", "--write", "--set", "tier=gpu")
    written = {path.stem for path in (folder / "results/plan").iterdir()}
    assert written >= {Path(name).stem for name in plan_files()}


def plan_files() -> set[str]:
    """The files of results/plan/ that dvc.yaml's stages depend on."""
    found = set()
    for stage in project.read(project.HERE / "dvc.yaml")["stages"].values():
        body = stage.get("do", stage)
        for name in (each for each in stage.get("foreach", [""])):
            for dep in body.get("deps", []):
                if dep.startswith("results/plan/"):
                    found.add(re.sub(r"\$\{(item|key)\}", name, dep))
    return found


def test_dvc_yaml_holds_against_the_plan(tmp_path: Path) -> None:
    stages = project.read(project.HERE / "dvc.yaml")["stages"]
    folder = project.make(tmp_path, small=False, studies=project.HERE / "studies")
    plan = planning.load(folder, {"tier": "laptop"})
    assert set(stages) == {"plan", "prepare", "train", "evaluate", "table", "claims", "report"}
    assert all(set(stages[name]["foreach"]) == set(plan.studies) for name in ("train", "evaluate", "table"))
    for study, entry in stages["train"]["foreach"].items():
        bases = {plan.by_id[need].study for run in plan.study_runs(study) for need in run.needs} - {study}
        needed = [f"results/metrics/{base}.json" for base in bases] or ["data/prepared"]
        assert [entry["needs"]] == needed
    assert {f"results/metrics/{study}.json" for study in plan.studies} <= set(stages["claims"]["deps"])
    assert {f"results/tables/{study}.csv" for study in plan.studies} <= set(stages["report"]["deps"])
    tables = {path for path in outputs.of_study(plan.studies["ood"]) if "/tables/" in path}
    declared = {name.replace("${item}", "ood") for out in stages["table"]["do"]["outs"] for name in out}
    assert declared == tables
    # what `plan --write` writes is what stages depend on
    from pipeline import records

    assert {f"results/plan/{name}.json" for name in records.write_plan(plan, folder)} == plan_files()
