"""Snakemake and DVC, end to end on a small project: what runs, what does not, and what survives a kill.

One finished project is made once for all test processes; tests work on copies of it.
"""

import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.commands import publishing
from pipeline.exhibits import outputs, records
from pipeline.planning import load as planning
from tests.kit import project

SNAKEMAKE = ("snakemake", "--cores", "2")
SMOOTHING = "pipeline/methods/classifier/label_smoothing.py"
STUDY = "studies/classification.yaml"
METRICS = (*SNAKEMAKE, "results/metrics/classification.json", "results/metrics/ood.json")
EXHIBITS = ("results/tables/classification.csv", "results/tables/ood.csv", "results/claims.csv")


def raw(folder: Path) -> Path:
    """The small project before anything has run."""
    project.make(folder, code=True, data=True)
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


Times = dict[str, int]


def finished_in(folder: Path, last: str) -> Times:
    """Folder of a training or a result -> when its last file was written.

    Not the others' times: weights have a second name beside the result, through which Snakemake sets them.
    """
    return {"/".join(path.parts[-4:-1]): path.stat().st_mtime_ns for path in folder.glob(last)}


def runs(folder: Path) -> Times:
    return finished_in(folder, "runs/*/*/*/result.json")


def trainings(folder: Path) -> Times:
    return finished_in(folder, "trained/*/*/*/train.json")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name[0] != "."}


def new(before: Times, after: Times) -> list[str]:
    """What is there after and was not before; what was is untouched."""
    assert {key: after.get(key) for key in before} == before
    return sorted(key[:-9] for key in after.keys() - before.keys())


def rows(folder: Path, study: str) -> list[dict[str, str]]:
    with (folder / f"results/tables/{study}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_snakemake_makes_everything_that_the_plan_promises(finished: Path) -> None:
    plan = planning.load(finished)
    assert len(plan.runs) == 6
    for run in plan.runs:
        result = json.loads((finished / run.path / "result.json").read_text(encoding="utf-8"))
        assert (result["id"], result["status"]) == (run.id, "ok")
        kept = {"model.safetensors", "history.jsonl"} if run.trains else set()
        assert names(finished / run.path) == {"result.json", "predictions.npz", *kept}
        if run.trains:
            assert names(finished / run.trained) == {*kept, "train.json"}
            assert (finished / run.trained / "model.safetensors").samefile(finished / run.path / "model.safetensors")
        else:
            assert not (finished / run.trained).exists()
    for study in plan.studies.values():
        assert all((finished / path).is_file() for path in outputs.of_study(study))
        assert {row["status"] for row in rows(finished, study.key)} == {"ok"}
    assert all((finished / path).is_file() for path in outputs.report(plan).files)


def test_dvc_adopts_what_snakemake_made_and_runs_what_an_edit_or_a_seed_asks_for(copied: Path) -> None:
    before, trained, exhibits = runs(copied), trainings(copied), bytes_of(copied)
    ran(copied, "dvc", "repro", "-q")
    assert (runs(copied), trainings(copied), bytes_of(copied)) == (before, trained, exhibits)
    # a comment: only `plan` is looked at again
    project.substitute(copied / SMOOTHING, '    paper = "', '    # a remark\n    paper = "')
    assert stages_of(ran(copied, "dvc", "repro")) == ["plan"]
    # another metric: nothing is trained
    project.edit(copied / STUDY, further_metrics=["brier", "nc1"])
    assert stages_of(ran(copied, "dvc", "repro", "evaluate@classification")) == ["plan", "evaluate@classification"]
    assert trainings(copied) == trained
    measured = runs(copied)
    assert len(new(before, measured)) == 4
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha", "label_smoothing=self.alpha / 2")
    project.edit(copied / STUDY, budget__smoke__seeds=3)
    ran(copied, "dvc", "repro", "-q", "evaluate@classification")
    names = ["cross_entropy/default-s2", *(f"label_smoothing/default-s{seed}" for seed in range(3))]
    expected = [f"classification/{name}" for name in names]
    assert new(trained, trainings(copied)) == new(measured, runs(copied)) == expected


MADE = ("runs", "trained", "results", "mlflow.db", "mlartifacts", ".snakemake", ".recount")
"""What a clone has not, beside prepared data."""


@pytest.fixture
def published(copied: Path) -> Path:
    """A clone of the project with all its runs published, and its data prepared."""
    for study in ("classification", "ood"):
        plan = planning.load(copied, {"rerun": "all"}, study, anew=study)
        publishing.publish(plan, study, copied)
    for path in (copied / name for name in MADE):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copied


def test_of_what_is_published_both_engines_make_the_core_and_the_same_bytes(published: Path, tmp_path: Path) -> None:
    other = project.copy(published, tmp_path / "other")
    ran(published, *SNAKEMAKE)
    core = [f"classification/cross_entropy/default-s{seed}" for seed in (0, 1)]
    assert new({}, trainings(published)) == core
    assert new({}, runs(published)) == [*core, *(f"ood/msp/default-s{seed}" for seed in (0, 1))]
    found = {(row["method"], row["source"]) for row in rows(published, "classification")}
    assert found == {("cross_entropy", "run"), ("label_smoothing", "published")}
    assert "run, as published" in (published / "results/tables/classification.md").read_text(encoding="utf-8")
    assert "Nothing to be done" in ran(published, *SNAKEMAKE)
    ran(other, "dvc", "repro", "-q", "claims", "table@classification", "table@ood")
    assert trainings(other).keys() == trainings(published).keys() and runs(other).keys() == runs(published).keys()
    for name in (*EXHIBITS, "results/phenomena.csv"):
        assert (other / name).read_bytes() == (published / name).read_bytes(), name


def stages_of(said: str) -> list[str]:
    """The stages that DVC ran."""
    return re.findall(r"Running stage '(.+)'", said)


def test_dvc_alone_makes_the_same_bytes(finished: Path, data_only: Path) -> None:
    ran(data_only, "dvc", "repro", "-q")
    assert bytes_of(data_only) == bytes_of(finished)
    assert "top1" in ran(data_only, "dvc", "metrics", "show", "--json")


def test_snakemake_does_nothing_twice_and_runs_what_an_edit_or_a_seed_asks_for(copied: Path) -> None:
    before, trained = runs(copied), trainings(copied)
    project.substitute(copied / SMOOTHING, '    paper = "', '    # a remark\n    paper = "')
    ran(copied, "python", "-m", "pipeline", "prepare")  # data that are newer, but the same
    assert "Nothing to be done" in ran(copied, *SNAKEMAKE)
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha", "label_smoothing=self.alpha / 2")
    ran(copied, *METRICS)
    expected = [f"classification/label_smoothing/default-s{seed}" for seed in (0, 1)]
    assert new(before, runs(copied)) == new(trained, trainings(copied)) == expected
    before, trained = runs(copied), trainings(copied)
    project.edit(copied / STUDY, budget__smoke__seeds=3)
    ran(copied, *METRICS)
    expected = [f"classification/{method}/default-s2" for method in ("cross_entropy", "label_smoothing")]
    assert new(before, runs(copied)) == new(trained, trainings(copied)) == expected
    # back to what was: the results are still there
    project.substitute(copied / SMOOTHING, "label_smoothing=self.alpha / 2", "label_smoothing=self.alpha")
    project.edit(copied / STUDY, budget__smoke__seeds=2)
    before = runs(copied)
    ran(copied, *SNAKEMAKE, "results/claims.csv")
    assert new(before, runs(copied)) == []


def jobs(said: str) -> dict[str, int]:
    """Rule -> the number of its jobs, by what a dry run prints."""
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", said, re.MULTILINE)}


def test_another_metric_or_setting_of_evaluation_trains_nothing(copied: Path) -> None:
    before, trained = runs(copied), trainings(copied)
    project.edit(copied / STUDY, further_metrics=["brier", "nc1"])
    # what is built on the study's runs reads their weights alone
    asked = jobs(ran(copied, *SNAKEMAKE, "-n"))
    assert (asked.get("train", 0), asked["evaluate"], asked["table_classification"]) == (0, 4, 1)
    assert "table_ood" not in asked
    ran(copied, *METRICS)
    assert trainings(copied) == trained
    plan = planning.load(copied)
    assert len(new(before, runs(copied))) == 4
    for run in plan.study_runs("classification"):
        assert (copied / run.path / "model.safetensors").samefile(copied / run.trained / "model.safetensors")
        assert "nc1" in json.loads((copied / run.path / "result.json").read_text(encoding="utf-8"))["metrics"]
    project.edit(copied / STUDY, budget__smoke__test_examples=200)
    project.edit(copied / "studies/ood.yaml", budget__smoke__outliers=["uniform", "digits"])
    asked = jobs(ran(copied, *SNAKEMAKE, "-n"))
    assert (asked.get("train", 0), asked["evaluate"], asked["score"]) == (0, 4, 2)
    assert [name for name in asked if name.startswith("prepare_")] == ["prepare_digits"]


LOST = {
    "results/tables/ood.tex": ["all", "report", "table_ood"],
    "results/figures/*.svg": ["all", "report", "table_classification"],
    "results/claims.csv": ["all", "claims", "report"],
    "results/report/ood.html": ["all", "report"],
    "results/made/table-ood/*": ["all", "report", "table_ood"],
    "runs/ood/*/*/result.json": ["all", "claims", "report", "score", "table_ood"],
    "runs/*/*/*/model.safetensors": ["all", "claims", "evaluate", "report", "table_classification"],
    "trained/*/*/*/history.jsonl": ["all", "train"],
    "data/prepared/*/*.npy": ["all", "prepare_fashion_mnist"],
}
"""A file that may get lost -> the rules that are called for to have it again."""


def test_what_is_there_is_never_made_again_and_what_is_lost_is(copied: Path) -> None:
    """As after `dvc pull`: the files have any time, and nothing is known of how they were made."""
    draws = random.Random(3)
    shutil.rmtree(copied / ".snakemake")
    for path in copied.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() + draws.uniform(-1e6, 1e5),) * 2)
    assert "Nothing to be done" in ran(copied, *SNAKEMAKE, "-n")
    asked = {}
    for pattern in LOST:
        lost, *_ = sorted(copied.glob(pattern))
        gone = lost.rename(lost.with_name("gone"))
        asked[pattern] = sorted(jobs(ran(copied, *SNAKEMAKE, "-n")).keys() - {"total"})
        gone.rename(lost)
    assert asked == LOST
    changed = copied / "results/tables/ood.csv"
    written = changed.read_bytes()
    changed.write_bytes(written.replace(b"ood,", b"odd,", 1))
    told = ran(copied, *SNAKEMAKE, "table_ood")
    assert "recount: table-ood: changed since it was written, and made again" in told
    assert changed.read_bytes() == written
    for pattern in ("runs/ood/*/*/result.json", "runs/classification/*/*/history.jsonl", "trained/*/*/*/train.json"):
        sorted(copied.glob(pattern))[0].unlink()
    ran(copied, *SNAKEMAKE)
    project.edit(copied / "papers/label_smoothing.yaml", title="Another title")
    # also where an exhibit is asked for by one of its files, which is there and was made of other papers
    assert jobs(ran(copied, *SNAKEMAKE, "-n", "results/claims.csv")).keys() - {"total"} == {"claims"}
    ran(copied, *SNAKEMAKE)
    assert "Another title" in (copied / "results/report.html").read_text(encoding="utf-8")
    assert "Nothing to be done" in ran(copied, *SNAKEMAKE)


def test_calls_at_once_take_turns(copied: Path) -> None:
    before = trainings(copied)
    (copied / "results/tables/ood.csv").unlink()
    calls = [started(copied, *SNAKEMAKE) for _ in range(3)]
    said = [call.communicate()[0] for call in calls]
    assert [call.returncode for call in calls] == [0, 0, 0]
    assert sum("Nothing to be done" in text for text in said) == 2
    assert sum("another snakemake (process " in text for text in said) == 2
    assert trainings(copied) == before


SHORT = """
import os
from pipeline.commands import engine
ENGINE = engine.Engine(workflow)
onstart:
    ENGINE.unhindered()
rule all:
    input: [f"made/{number}" for number in range(150)]
rule one:
    output: "made/{number}"
    shell: "true > {output}"
"""


def test_jobs_that_end_at_once_do_not_stop_the_engine(tmp_path: Path) -> None:
    """Snakemake's own limit is 100 starts a second; with its wake-ups taken away it would wait for ever."""
    folder = project.make(tmp_path / "project", code=True)
    (folder / "Snakefile").write_text(SHORT, encoding="utf-8")
    ran(folder, "snakemake", "--cores", "16", "--quiet", "all")
    assert len(list(folder.glob("made/*"))) == 150


def test_jobs_use_the_interpreter_that_plans(copied: Path) -> None:
    (copied / "results/claims.csv").unlink()
    # without the environment's programs on the path
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "results/claims.csv"]
    environment = {**project.environment(), "PATH": os.defpath}
    result = subprocess.run(call, cwd=copied, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (copied / "results/claims.csv").is_file()


def until(condition: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(folder: Path, *command: str, **more: str) -> "subprocess.Popen[str]":
    environment = project.environment(**more)
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
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
    done = trainings(data_only)
    ran(data_only, *SNAKEMAKE, "classification", "ood", "results/claims.csv")
    again = trainings(data_only)
    assert {key: again[key] for key in done} == done
    assert bytes_of(data_only) == bytes_of(finished)


def test_a_killed_run_resumes_from_its_checkpoint_to_the_same_weights(data_only: Path, tmp_path: Path) -> None:
    longer = ("--set", "overrides={classification: {epochs: 8}}")
    run = planning.load(data_only, {"overrides": {"classification": {"epochs": 8}}}).study_runs("classification")[0]
    other = project.copy(data_only, tmp_path / "other")
    command = ("python", "-m", "pipeline", "train", run.path, *longer)
    killed = started(data_only, *command, RECOUNT_CHECKPOINT_SECONDS="0")
    checkpoint = data_only / run.trained / "checkpoint.safetensors"
    until(checkpoint.exists, killed)
    killed.send_signal(signal.SIGKILL)
    output = killed.communicate()[0]
    assert not (data_only / run.trained / "train.json").exists()
    resumed = ran(data_only, *command)
    straight = ran(other, *command)
    lines = [re.findall(r"epoch (\d+)/8", text) for text in (output, resumed, straight)]
    assert lines[2] == [str(epoch) for epoch in range(1, 9)]
    assert lines[1][-1] == "8"
    assert 1 < int(lines[1][0]) <= len(lines[0]) + 1
    weights = [(folder / run.trained / "model.safetensors").read_bytes() for folder in (data_only, other)]
    assert weights[0] == weights[1]
    assert not checkpoint.exists()
    assert not (data_only / "runs").exists()


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
    (copied / "pipeline/methods/classifier/diverges.py").write_text(DIVERGES, encoding="utf-8")
    study = copied / STUDY
    project.edit(study, methods=[*project.read(study)["methods"], "diverges"])
    base = {"study": "classification", "method": "diverges"}
    project.edit(copied / "studies/ood.yaml", variants={"default": {}, "broken": {"base": base, "methods": ["msp"]}})
    said = ran(copied, *SNAKEMAKE)
    made = new(before, runs(copied))
    assert made == [f"{name}-s{n}" for name in ("classification/diverges/default", "ood/msp/broken") for n in (0, 1)]
    for path in copied.glob("runs/ood/*/*/result.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
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
    assert set(kept) <= set((copied / "results/tables/classification.csv").read_text(encoding="utf-8").splitlines())


def test_the_tracking_store_alone_gives_the_same_tables(copied: Path) -> None:
    exhibits = bytes_of(copied)
    for tree in ("runs", "trained", "results"):
        (copied / tree).rename(copied / f"no-{tree}")
    for study in ("classification", "ood"):
        ran(copied, "python", "-m", "pipeline", "table", study, "--from", "mlflow")
        assert (copied / f"results/tables/{study}.csv").read_bytes() == exhibits[f"results/tables/{study}.csv"]


def test_a_store_that_is_silent_is_given_up_and_said_once_and_no_secret_of_its_address_is_kept(copied: Path) -> None:
    for result in copied.glob("runs/ood/*/*/result.json"):
        result.unlink()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # whose connections nobody takes
        uri = f"http://somebody:hushhush@127.0.0.1:{silent.getsockname()[1]}/?token=hushhush"
        said = ran(copied, *SNAKEMAKE, MLFLOW_TRACKING_URI=uri)
    assert said.count("not tracked in ") == said.count("not tracked") == 1
    kept = [path.read_bytes() for path in copied.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [text for text in (said.encode(), *kept) if b"hushhush" in text]


def test_bad_input_stops_snakemake_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", code=True)
    project.edit(folder / "studies/ood.yaml", baseline="mps")
    result = project.call(folder, *SNAKEMAKE)
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("recount: ")]
    assert "unknown method 'mps'; did you mean 'msp'" in line
    assert "Traceback" not in result.stderr
    assert not (folder / "runs").exists() and not (folder / "trained").exists()


def test_the_gpu_tier_is_planned_by_both_views(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", code=True, own=True)
    said = jobs(ran(folder, *SNAKEMAKE, "-n", "--config", "tier=gpu"))
    plan = planning.load(folder, {"tier": "gpu"})
    trained = sum(run.trains for run in plan.runs)
    assert (said["train"], said["evaluate"], said["score"]) == (trained, trained, len(plan.runs) - trained)
    ran(folder, "python", "-m", "pipeline", "plan", "--write", "--set", "tier=gpu")
    assert {path.stem for path in (folder / "results/plan").iterdir()} == plan_files(folder)


def plan_files(folder: Path) -> set[str]:
    """The files of results/plan/ that the stages of the folder's dvc.yaml depend on, by name."""
    found = set()
    for stage in project.read(folder / "dvc.yaml")["stages"].values():
        for dep in stage.get("do", stage).get("deps", []):
            for study in project.read(folder / "params.yaml")["studies"]:
                found.add(dep.replace("${item}", study))
    return {Path(dep).stem for dep in found if dep.startswith("results/plan/")}


def test_dvc_yaml_holds_against_the_plan(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "project", code=True, small=False)
    stages = project.read(folder / "dvc.yaml")["stages"]
    plan = planning.load(folder, {"tier": "laptop"})
    assert set(stages) == {"plan", "prepare", "train", "evaluate", "table", "claims", "report"}
    # those of params.yaml, whichever they are
    assert all(stages[name]["foreach"] == "${studies}" for name in ("train", "evaluate", "table"))
    declared = {name.replace("${item}", "ood") for out in stages["table"]["do"]["outs"] for name in out}
    tables = {path for path in outputs.of_study(plan.studies["ood"]) if "/tables/" in path}
    assert declared == {*tables, "results/made/table-ood"}
    written = {name for out in stages["report"]["outs"] for name in out}
    assert all({path, str(Path(path).parent)} & written for path in outputs.report(plan).files)
    # what `plan --write` writes is what stages depend on
    assert set(records.write_plan(plan, folder)) == plan_files(folder)
