"""Publishing complete runs, making published ones again, and asking claims again with other seeds."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline import files
from pipeline.commands import entry, publishing
from pipeline.exhibits import publication
from pipeline.planning import load as planning
from pipeline.publishing import store
from tests.kit import project
from tests.kit import published as kit

STUDY = "classification"
SETTLED = {"cross_entropy": 30.0}
"""With so much more in every metric it is clearly the larger."""
CLAIM = "label_smoothing/calibration"
TABLES = ("claims.csv", "phenomena.csv", "published.json", "runs.csv", "table.csv")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project with all runs of both studies complete, and both published. Not to be changed."""
    folder = project.make(tmp_path_factory.mktemp("publishing") / "project")
    for key in (STUDY, "ood"):
        plan = planning.load(folder, {"rerun": "all"}, key, anew=key)
        kit.complete(folder, plan, key, SETTLED)
        publishing.publish(plan, key, folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it; the working folder of the test."""
    folder = project.copy(whole, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


THERE = Path("published") / STUDY


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command is refused that leaves what is published as it is."""
    before = contents(THERE)
    capsys.readouterr()
    assert entry.run(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert contents(THERE) == before
    return said.err


# --- publish ---


def test_a_study_is_published_from_complete_runs_in_the_same_bytes_each_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(THERE)
    assert tuple(before) == TABLES
    shutil.rmtree(THERE)
    assert entry.run(["publish", STUDY]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == [str(THERE / name) for name in TABLES]
    assert contents(THERE) == before
    assert entry.run(["publish", STUDY]) == 0
    assert contents(THERE) == before
    published = store.read(STUDY)
    plan = planning.load()
    assert published is not None and published.tier == "smoke"
    assert [run.id for run in published.runs] == [run.id for run in plan.study_runs(STUDY)]
    assert published.claims["label_smoothing", "calibration"]["verdict"] == "supported"
    assert not list(THERE.parent.glob("*/.*"))


@pytest.mark.parametrize("how", ["missing", "cut", "of other code"])
def test_partial_runs_are_not_published(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    runs = planning.load(only=STUDY).study_runs(STUDY)
    path = Path(runs[1].path) / "result.json"
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-5])
    else:
        files.write_sealed(path, {**files.read_sealed(path), "id": "0" * 64})
    line = refused(capsys, "publish", STUDY)
    assert f"1 of 4 runs of '{STUDY}' are missing, the first {runs[1].path}; " in line
    assert f"`snakemake --cores all --config rerun=all -- {STUDY}` makes them" in line


@pytest.mark.parametrize("value", ["seeds=1", "first_seed=3", "overrides={ood: {seeds: 1}}"])
def test_a_study_is_published_as_its_file_states_it(
    folder: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    line = refused(capsys, "publish", STUDY, "--set", value)
    assert value.partition("=")[0] in line and "a study is published as its file states it; take that out" in line


def test_an_unknown_study_is_not_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"did you mean '{STUDY}'" in refused(capsys, "publish", "clasification")


@pytest.mark.parametrize("name", TABLES)
def test_publishing_mends_what_was_changed(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    before = contents(THERE)
    (THERE / name).write_text("forged\n", encoding="utf-8")
    assert f"{THERE / name}: changed since it was written" in refused(capsys, "plan")
    assert entry.run(["publish", STUDY]) == 0
    assert contents(THERE) == before


def test_the_plan_says_what_is_published_and_not_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / "runs/ood")
    said = [line.split() for line in lines(capsys, "plan")]
    found = {(state, path.split("/")[2]) for state, path in said}
    assert found == {("done", "cross_entropy"), ("published", "label_smoothing"), ("planned", "msp")}


# --- verify ---


class Again:
    """In place of Snakemake: runs come out as they did, less what was planted."""

    def __init__(self, root: Path, code: int = 0) -> None:
        self.root, self.code = root, code
        self.planted: dict[str, dict[str, Any]] = {}
        """Path of a run -> what is another in its result."""
        self.asked: list[list[str]] = []

    def __call__(self, folder: Path, config: Sequence[str], targets: Iterable[str]) -> int:
        self.asked.append(list(targets))
        self.config = list(config)
        for target in self.asked[-1]:
            run = target.removesuffix("/result.json")
            result = files.read_sealed(self.root / target)
            result |= {"metrics": result["metrics"] | self.planted.get(run, {}).get("metrics", {})}
            result |= {name: value for name, value in self.planted.get(run, {}).items() if name != "metrics"}
            files.write_sealed(folder / target, result)
        return self.code


@pytest.fixture
def again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Again:
    found = Again(folder)
    monkeypatch.setattr(publishing, "_snakemake", found)
    return found


def lines(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[str]:
    capsys.readouterr()
    assert entry.run(list(arguments)) == code
    return capsys.readouterr().out.splitlines()


def test_a_draw_is_repeated_by_its_seed(again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    first = lines(capsys, "verify", "--runs", "3", "--seed", "5")
    assert first[0] == "3 of the published runs, SEED=5" and first[-1] == "3 identical, 0 within, 0 off"
    assert lines(capsys, "verify", "--runs", "3", "--seed", "5") == first
    others = [lines(capsys, "verify", "--runs", "3", "--seed", str(seed)) for seed in range(5)]
    assert len({tuple(line[1:-1]) for line in others}) > 1
    assert again.asked[0] == again.asked[1] and len(set(again.asked[0])) == 3
    assert again.config == ["tier=smoke", "rerun=all"]
    random = lines(capsys, "verify", "--runs", "1")
    seed = random[0].partition("SEED=")[2]
    assert lines(capsys, "verify", "--runs", "1", "--seed", seed) == random


def test_runs_of_other_seeds_are_not_those_that_are_published(again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    told = "seeds = 1: what is published is of the studies as their files state them; take that out"
    assert told in refused(capsys, "verify", "--set", "seeds=1")
    assert again.asked == []


def test_an_unknown_study_is_not_asked_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"unknown study 'clasification'; did you mean '{STUDY}'" in refused(capsys, "replicate", "clasification")


def test_as_many_are_drawn_as_there_are(again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "verify", "--seed", "1")[-1] == "6 identical, 0 within, 0 off"
    assert not (Path(publishing.APART)).exists()


def test_a_planted_deviation_is_off(folder: Path, again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    run = planning.load(only=STUDY).study_runs(STUDY)[0]
    value = kit.number(run, "top1") + SETTLED["cross_entropy"]
    again.planted = {run.path: {"metrics": {"top1": value + 0.00001}}}
    said = lines(capsys, "verify", "--seed", "1", code=1)
    (line,) = [line for line in said if line.startswith("off ")]
    told = f"{run.path}: top1 {value + 0.00001:.5f} here, {value:.3f} published, "
    assert told in line and line.endswith(" between seeds; the same kind of machine")
    assert said[-1] == "5 identical, 0 within, 1 off"
    # what was made is left to be looked at
    assert (Path(publishing.APART) / run.path / "result.json").exists()


def test_on_another_machine_the_spread_of_seeds_is_allowed(
    folder: Path, again: Again, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = planning.load(only=STUDY).study_runs(STUDY)[:2]
    device = {"device": {**kit.DEVICE, "model": "6-143-8"}}
    near, far = (kit.number(run, "top1") + SETTLED["cross_entropy"] + d for run, d in ((first, 0.01), (second, -40)))
    again.planted = {first.path: device | {"metrics": {"top1": near}}, second.path: device}
    assert lines(capsys, "verify", "--seed", "1")[-1] == "5 identical, 1 within, 0 off"
    again.planted[second.path] = device | {"metrics": {"top1": far}}
    said = lines(capsys, "verify", "--seed", "1", code=1)
    assert said[-1] == "4 identical, 1 within, 1 off"
    assert all("; another kind of machine" in line for line in said if line.startswith(("off", "within")))


def test_a_run_that_is_lost_here_is_off(folder: Path, again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    run = planning.load(only=STUDY).study_runs(STUDY)[0]
    again.planted = {run.path: {"status": "diverged", "reason": "loss became nan"}}
    said = lines(capsys, "verify", "--seed", "1", code=1)
    assert any(f"{run.path}: status diverged here, ok published" in line for line in said)


def test_runs_that_cannot_be_made_again_are_one_line(
    folder: Path, again: Again, capsys: pytest.CaptureFixture[str]
) -> None:
    again.code = 1
    assert entry.run(["verify", "--runs", "1"]) == 2
    said = capsys.readouterr().err
    assert said == "recount: the runs could not be made again; .recount/verify/logs says why\n"


def test_what_is_of_earlier_code_is_not_drawn(folder: Path, again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(folder / "studies/ood.yaml", budget__smoke__outlier_examples=50)
    assert lines(capsys, "verify", "--seed", "1")[-1] == "4 identical, 0 within, 0 off"
    shutil.rmtree(folder / "published/classification")
    assert entry.run(["verify"]) == 2
    told = "nothing that is published at tier smoke is of today's code and settings; `publish` writes it"
    assert told in capsys.readouterr().err


def test_the_folder_apart_has_the_project_and_none_of_its_runs(folder: Path) -> None:
    for name in ("results/tables", ".git", "trained/x"):
        (folder / name).mkdir(parents=True)
    apart = publishing._apart(Path())
    names = {path.name for path in apart.iterdir()}
    assert names >= {"studies", "papers", "params.yaml", "published"}
    assert not names & {"runs", "trained", "results", ".git", ".recount"}
    assert all(path.is_symlink() and path.resolve() == folder / path.name for path in apart.iterdir())
    (apart / "runs").mkdir()
    assert not list(publishing._apart(Path()).glob("runs"))
    assert (folder / "studies/ood.yaml").exists(), "the project's own files are not taken away with it"


# --- replicate ---


def line(verdict: str, again: str) -> dict[str, str]:
    return {"verdict": verdict, "again": again}


def test_verdicts_that_come_out_the_same_and_opposite_are_counted() -> None:
    pairs = [
        ("supported", "supported"),
        ("supported", "contradicted"),
        ("contradicted", "supported"),
        ("contradicted", "no_difference"),
        ("no_difference", "no_difference"),
        ("no_difference", "contradicted"),  # not the same, and not the opposite
        ("supported", "inconclusive"),
        ("inconclusive", "supported"),  # not decided to begin with
        ("inconclusive", "inconclusive"),
    ]
    found = publication.replication(line(*pair) for pair in pairs)
    assert (found.decided, found.same, found.opposite) == (7, 2, 2)
    assert found.words == "of 7 decided verdicts 2 (29%) came out the same with other seeds, 2 the opposite"
    assert publication.replication([]).words.startswith("of 0 decided verdicts 0 came out")


@pytest.fixture
def made_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function: with which skill of methods runs of other seeds come out; it tells which were asked for."""
    asked: list[str] = []

    def with_skill(skill: dict[str, float]) -> list[str]:
        def snakemake(_: Path, config: Sequence[str], targets: Iterable[str]) -> int:
            asked.extend(targets)
            values = dict(text.split("=", 1) for text in config)
            plan = planning.load(folder, {key: json.loads(value) for key, value in values.items()})
            kit.complete(folder, plan, STUDY, skill)
            return 0

        monkeypatch.setattr(publishing, "_snakemake", snakemake)
        return asked

    return with_skill


@pytest.mark.parametrize(
    ("skill", "verdict", "counts"),
    [
        (SETTLED, "supported", "1 (100%) came out the same with other seeds, 0 the opposite"),
        ({"label_smoothing": 30.0}, "contradicted", "0 (0%) came out the same with other seeds, 1 the opposite"),
    ],
)
def test_a_studys_claims_are_asked_again_with_other_seeds(
    made_with: Any, capsys: pytest.CaptureFixture[str], skill: dict[str, float], verdict: str, counts: str
) -> None:
    asked = made_with(skill)
    said = lines(capsys, "replicate", STUDY, "--write")
    plan = planning.load(overrides={"studies": [STUDY], "first_seed": 1000})
    assert sorted(asked) == sorted(f"{run.path}/result.json" for run in plan.study_runs(STUDY))
    assert said[-1] == f"{STUDY}: of 1 decided verdicts {counts}"
    assert said[:-1] == ([] if verdict == "supported" else [f"{CLAIM}: supported, again {verdict}"])
    published = store.read(STUDY)
    assert published is not None
    (kept,) = published.replication
    assert (kept["claim"], kept["verdict"], kept["again"]) == ("calibration", "supported", verdict)
    assert kept["first_seed"] == "1000"
    # what is there is not made a second time
    asked.clear()
    before = contents(THERE)
    assert lines(capsys, "replicate", STUDY)[-1] == said[-1]
    assert asked == [] and contents(THERE) == before
    # and stays while the verdict is the published one
    assert entry.run(["publish", STUDY]) == 0
    assert contents(THERE) == before


def test_only_the_cells_that_verdicts_rest_on_are_made(
    folder: Path, made_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = ["cross_entropy", "label_smoothing", "max_sup", "cosface"]
    project.edit(folder / f"studies/{STUDY}.yaml", methods=methods, floor="max_sup")
    plan = planning.load(folder, {"rerun": "all"}, STUDY, anew=STUDY)
    kit.complete(folder, plan, STUDY, SETTLED)
    assert entry.run(["publish", STUDY]) == 0
    asked = made_with(SETTLED)
    assert lines(capsys, "replicate", STUDY, "--first-seed", "7")[-1].startswith(f"{STUDY}: of 1 decided verdicts 1 ")
    assert {target.split("/")[2] for target in asked} == {"cross_entropy", "label_smoothing", "max_sup"}
    assert {target.split("-s")[1].split("-")[0] for target in asked} == {"7", "8"}


def test_what_a_side_builds_on_need_not_be_one(
    folder: Path, made_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    student = {"key": "distillation", "base": {"study": STUDY, "method": "cross_entropy"}}
    project.edit(folder / f"studies/{STUDY}.yaml", methods=["cross_entropy", "label_smoothing", student])
    claim, other = project.read(folder / "papers/label_smoothing.yaml")["claims"]
    claim["test"] |= {"than": "distillation", "despite": "The student has a teacher."}
    project.edit(folder / "papers/label_smoothing.yaml", claims=[claim, other])
    skill = {"distillation": 30.0}
    plan = planning.load(folder, {"rerun": "all"}, STUDY, anew=STUDY)
    kit.complete(folder, plan, STUDY, skill)
    assert entry.run(["publish", STUDY]) == 0
    asked = made_with(skill)
    assert lines(capsys, "replicate", STUDY)[-1].startswith(f"{STUDY}: of 1 decided verdicts 1 ")
    assert {target.split("/")[2] for target in asked} == {"label_smoothing", "distillation"}


def test_what_is_not_published_or_of_earlier_code_is_not_replicated(
    folder: Path, made_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = made_with(SETTLED)
    project.edit(folder / f"studies/{STUDY}.yaml", budget__smoke__epochs=2)
    told = f"published/{STUDY}: no verdict there is on today's claims by today's code; publish it anew"
    assert told in refused(capsys, "replicate", STUDY)
    shutil.rmtree(folder / "published/ood")
    assert "published/ood: nothing is published at tier smoke" in refused(capsys, "replicate", "ood")
    assert asked == []
